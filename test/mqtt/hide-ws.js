/**
 * A module hook of Node's under which this library does not find the `ws` package:
 * `node --import=./test/mqtt/hide-ws.js`.
 *
 * @module
 */
import { register } from 'node:module'

const hook = `export async function resolve(specifier, context, next) {
  const isOurs = !context.parentURL?.includes('/node_modules/')
  if (specifier === 'ws' && isOurs) throw new Error('Not installed')
  return next(specifier, context)
}`
register(`data:text/javascript,${encodeURIComponent(hook)}`)
