/**
 * The program of the page: it has the cases at hand for whoever drives the page.
 *
 * @module
 */
import { run } from './guest.ts'

Object.assign(globalThis, { run })
