/**
 * The configurations that the pages show are the ones that are generated.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { brokerConfig, brokerNames } from '../../adapters/config/index.ts'

/** The page of each broker. */
const PAGES: Readonly<Record<string, string>> = {
  emqx: 'emqx',
  emqx4: 'emqx-4',
  mosquitto: 'mosquitto',
  'mosquitto-files': 'mosquitto',
  'mosquitto-go-auth': 'mosquitto-http',
  'mosquitto-auth-plug': 'mosquitto-http',
  rabbitmq: 'rabbitmq',
  vernemq: 'vernemq',
  nanomq: 'nanomq',
}

for (const broker of brokerNames) {
  test(`docs/${PAGES[broker]}.md shows the configuration of ${broker}, and how it is made`, () => {
    const page = readFileSync(new URL(`../../docs/${PAGES[broker]}.md`, import.meta.url), 'utf8')
    const blocks = [...page.matchAll(/^```\w+\n([\s\S]*?)^```$/gm)].map(([, text]) => text)
    for (const { path, text } of brokerConfig(broker).files) {
      if (path !== 'compose.yaml') assert.ok(blocks.includes(text), `${path}:\n${text}`)
    }
    assert.match(page, new RegExp(`\`devicehub config ${broker}( --out broker/)?\``))
  })
}
