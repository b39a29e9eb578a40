/**
 * Mosquitto as packages have it, without a plug-in that asks: its rules are written beforehand.
 *
 * @module
 */
import type { Product } from '../product.ts'
import { dynsecFacts, filesFacts } from './facts.ts'

/** Mosquitto with dynamic security, which `devicehub/mosquitto` keeps in step. */
export const mosquitto: Product = {
  name: 'mosquitto',
  facts: dynsecFacts,
}

/** Mosquitto with a password file and an ACL file, which `devicehub/mosquitto` writes. */
export const mosquittoFiles: Product = {
  name: 'mosquitto-files',
  facts: filesFacts,
}
