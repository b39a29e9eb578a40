/**
 * Ending sessions at EMQX 4, against what its management API answers by its source.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { emqx4Kick } from '../../adapters/emqx/index.ts'
import type { BrokerError, Kick } from '../../src/index.ts'
import { APP, APP_SECRET, type Emqx4Server, read, startEmqx4 } from './emqx4.ts'

const username = 'pump/P-1'
const other = { clientid: 'other', username: 'pump/P-10' }

function kickOf({ url }: Emqx4Server, secret = APP_SECRET): Kick {
  return emqx4Kick({ url, key: APP, secret })
}

async function failureOf(kick: Promise<void>): Promise<BrokerError> {
  const error = await kick.then(
    () => assert.fail('it did not fail'),
    (thrown: unknown) => thrown as BrokerError,
  )
  for (const secret of [APP_SECRET, Buffer.from(`${APP}:${APP_SECRET}`).toString('base64')]) {
    assert.ok(!`${error.message}${error.stack}${JSON.stringify(error)}`.includes(secret))
  }
  return error
}

describe('a kick at EMQX 4', () => {
  test('asks for the clients of the user name, ends each, and asks again', async () => {
    await using emqx = await startEmqx4()
    emqx.clients.push({ clientid: 'pump/P-1//a', username }, other)
    await kickOf(emqx)({ username, kind: 'revoked' })
    const list = 'GET /api/v4/clients?username=pump%2FP-1&_page=1&_limit=100'
    assert.deepEqual(emqx.requests, [list, 'DELETE /api/v4/clients/pump%2FP-1%2F%2Fa', list])
    assert.deepEqual([emqx.ended, emqx.clients], [['pump/P-1//a'], [other]])
  })

  test('reads all pages, also exactly full ones', async () => {
    for (const count of [99, 100, 101, 200]) {
      await using emqx = await startEmqx4()
      for (let i = 0; i < count; i++) emqx.clients.push({ clientid: `c-${i}`, username })
      emqx.clients.push(other)
      await kickOf(emqx)({ username })
      assert.deepEqual([emqx.ended.length, emqx.clients], [count, [other]])
    }
  })

  test('takes a client that is gone meanwhile for ended', async () => {
    await using emqx = await startEmqx4()
    emqx.clients.push({ clientid: 'a', username })
    emqx.intercept = (method) => {
      if (method === 'DELETE') emqx.clients.length = 0
      return undefined
    }
    await kickOf(emqx)({ username })
    assert.deepEqual(emqx.ended, [])
  })

  for (const clientid of ['/', '#', 'a/b', '%2F', '%', 'a b', '+', 'Ü', '水泵', '?', '"', ';']) {
    test(`has the client id ${JSON.stringify(clientid)} in one segment of a path`, async () => {
      await using emqx = await startEmqx4()
      emqx.clients.push({ clientid, username })
      await kickOf(emqx)({ username })
      assert.deepEqual(emqx.ended, [clientid])
    })
  }

  for (const clientid of ['.', '..', 'ü'.repeat(10_000)]) {
    test(`says that no path holds "${clientid.slice(0, 5)}", and ends the others`, async () => {
      await using emqx = await startEmqx4()
      emqx.clients.push({ clientid, username }, { clientid: 'a', username })
      const { code, message } = await failureOf(kickOf(emqx)({ username }))
      const problem =
        'EMQX: no path holds one of the client ids: end it with "emqx_ctl clients kick"'
      assert.deepEqual([code, message, emqx.ended], ['ERR_BROKER_REFUSED', problem, ['a']])
    })
  }

  test('does nothing for another change', async () => {
    await using emqx = await startEmqx4()
    for (const kind of ['provisioned', 'updated', 'rotated', 'restored', 'removed'] as const) {
      await kickOf(emqx)({ username, kind })
    }
    assert.deepEqual(emqx.requests, [])
  })

  for (const [title, intercept, code, message] of [
    [
      'the application is refused',
      () => read['application unknown, disabled or expired, or secret wrong'],
      'ERR_BROKER_LOGIN_REFUSED',
      'EMQX, GET /clients: answered 401: check the id of the application and its secret',
    ],
    [
      'another node does not answer, at a status of 200',
      (method) => (method === 'GET' ? undefined : read['another node does not answer']),
      'ERR_BROKER_REFUSED',
      'EMQX, DELETE /clients/{clientid}: answered 200 101',
    ],
    [
      'something else listens',
      () => read['path unknown'],
      'ERR_BROKER_REFUSED',
      'EMQX, GET /clients: answered 400',
    ],
    [
      'something failed there',
      () => read['something failed'],
      'ERR_BROKER_REFUSED',
      'EMQX, GET /clients: answered 500',
    ],
    [
      'it is overloaded',
      (method) => (method === 'GET' ? undefined : { status: 503 }),
      'ERR_BROKER_REFUSED',
      'EMQX, DELETE /clients/{clientid}: answered 503',
    ],
  ] satisfies [string, Emqx4Server['intercept'], string, string][]) {
    test(`fails where ${title}`, async () => {
      await using emqx = await startEmqx4()
      emqx.clients.push({ clientid: 'a', username })
      emqx.intercept = intercept
      const error = await failureOf(kickOf(emqx)({ username }))
      assert.deepEqual([error.code, error.message, emqx.ended], [code, message, []])
    })
  }

  test('fails with a secret that is not the one of the application', async () => {
    await using emqx = await startEmqx4()
    const { code } = await failureOf(kickOf(emqx, 'wrong')({ username }))
    assert.equal(code, 'ERR_BROKER_LOGIN_REFUSED')
  })
})

describe('a client that connects anew while it is ended', () => {
  for (const [who, kind, ended] of [
    ['that may log in still is left alone', undefined, ['a']],
    ['of a device that is revoked is ended too', 'revoked', ['a', 'a']],
  ] as const) {
    test(who, async () => {
      await using emqx = await startEmqx4()
      emqx.clients.push({ clientid: 'a', username, connected_at: '2026-11-30 12:00:00' })
      let comesBack = true
      emqx.intercept = (method) => {
        // Behind the one that is taken off the list by this very call.
        if (method === 'DELETE' && comesBack) {
          emqx.clients.push({ clientid: 'a', username, connected_at: '2026-11-30 12:00:01' })
          comesBack = false
        }
        return undefined
      }
      await kickOf(emqx)({ username, ...(kind && { kind }) })
      assert.deepEqual(emqx.ended, ended)
      assert.equal(emqx.clients.length, kind ? 0 : 1)
    })
  }
})
