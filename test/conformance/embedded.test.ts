/**
 * The MQTT adapter keeps the contract on the embedded broker, over every transport. Runs on every
 * runtime.
 *
 * @module
 */
import { conformsOverAll } from './matrix.ts'

conformsOverAll('the embedded broker')
