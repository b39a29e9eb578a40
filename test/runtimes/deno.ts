/**
 * The routes on Deno, as a process of their own. It ends when its standard input does.
 *
 * @module
 */
import process from 'node:process'
import { site } from '../hono/site.ts'

/** What is used of Deno, whose types are not those of the other runtimes. */
declare const Deno: {
  serve(
    options: { hostname: string; port: number; onListen: (address: { port: number }) => void },
    handler: (request: Request) => Response | Promise<Response>,
  ): unknown
}

const onListen = ({ port }: { port: number }) => console.log(JSON.stringify({ port }))
Deno.serve({ hostname: '127.0.0.1', port: 0, onListen }, (request) => site.fetch(request))
process.stdin.resume().once('end', () => process.exit())
