/**
 * A page over HTTP, on the server of the runtime: it is told what happens, and whoever leaves is not listened
 * for any more.
 *
 * @module
 */
import assert from 'node:assert/strict'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { serve } from '@hono/node-server'
import type { Hono } from 'hono'
import { within } from '../support/wait.ts'
import { Listening, openSite } from './fixture.ts'

/** Serves an application as users of the runtime do. */
async function serveApp(app: Hono): Promise<{ port: number; close(): Promise<void> }> {
  const { Deno, Bun } = globalThis as {
    readonly Deno?: {
      serve(
        options: object,
        handler: unknown,
      ): { addr: { port: number }; shutdown(): Promise<void> }
    }
    readonly Bun?: { serve(options: object): { port: number; stop(force: boolean): Promise<void> } }
  }
  const at = { port: 0, hostname: '127.0.0.1' }
  if (Deno) {
    const server = Deno.serve({ ...at, onListen() {} }, app.fetch)
    return { port: server.addr.port, close: () => server.shutdown() }
  }
  if (Bun) {
    const server = Bun.serve({ ...at, fetch: app.fetch })
    return { port: server.port, close: () => server.stop(true) }
  }
  return new Promise((resolve) => {
    const server = serve({ ...at, fetch: app.fetch }, ({ port }: AddressInfo) => {
      resolve({
        port,
        close: () => new Promise((closed) => void server.close(() => closed())),
      })
    })
  })
}

async function until(isSo: () => boolean, what: string): Promise<void> {
  const wait = async () => {
    while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 20))
  }
  await within(wait(), what, 30_000)
}

test('it is told what happens as it does, and nobody listens for it once it has left', async () => {
  await using site = await openSite()
  const server = await serveApp(site.app)
  try {
    const leaving = new AbortController()
    const url = `http://127.0.0.1:${server.port}/fleet/live?device=pump/n-1&follow=pump/n-1`
    const response = await fetch(url, {
      headers: { 'x-operator': 'north' },
      signal: leaving.signal,
    })
    assert.equal(response.status, 200)
    const page = new Listening(response.body!)
    await until(() => page.of('states').length > 0, 'first states')
    await site.say('pump', 'n-1', 'data', { rpm: 7 })
    await until(() => page.of('messages').length > 0, 'message')
    assert.deepEqual(page.of('messages')[0]!.messages[0]!.numbers, { rpm: 7 })
    assert.equal(site.listeners(), 6)
    leaving.abort()
    await until(() => site.listeners() === 0, 'end of listening')
  } finally {
    await server.close()
  }
})
