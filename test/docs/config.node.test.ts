/**
 * The configurations that the pages show are the ones that are generated.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { brokerConfig } from '../../src/product/configuration/broker-config.ts'
import { CONFIGURED } from '../support/products.ts'

/** The page of each broker. */
const PAGES: Readonly<Record<string, string>> = {
  emqx: 'emqx',
  emqx4: 'emqx-4',
  mosquitto: 'mosquitto',
  'mosquitto-files': 'mosquitto',
  'go-auth': 'mosquitto-http',
  'auth-plug': 'mosquitto-http',
  rabbitmq: 'rabbitmq',
  vernemq: 'vernemq',
  nanomq: 'nanomq',
}

for (const name of CONFIGURED) {
  test(`docs/${PAGES[name]}.md shows the configuration of ${name}, and how it is made`, () => {
    const page = readFileSync(new URL(`../../docs/${PAGES[name]}.md`, import.meta.url), 'utf8')
    const blocks = [...page.matchAll(/^```\w+\n([\s\S]*?)^```$/gm)].map(([, text]) => text)
    for (const { path, text } of brokerConfig(name).files) {
      if (path !== 'compose.yaml') assert.ok(blocks.includes(text), `${path}:\n${text}`)
    }
    assert.match(page, new RegExp(`\`devicehub config ${name}( --out broker/)?\``))
  })
}
