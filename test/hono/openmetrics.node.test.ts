/**
 * The metrics, read by the parser of Prometheus' own client for Python, which takes OpenMetrics at its
 * word.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { measuredSite } from './measured.ts'

const PYTHON = '/usr/bin/python3'
const PROGRAM = `
import json, sys
from prometheus_client.openmetrics.parser import text_string_to_metric_families
families = text_string_to_metric_families(sys.stdin.buffer.read().decode())
print(json.dumps({f.name: [f.type, f.unit, len(f.samples)] for f in families}))
`

function run(program: string, input: string) {
  return spawnSync(PYTHON, ['-c', program], { input, encoding: 'utf8', timeout: 60_000 })
}

const isThere = run('import prometheus_client.openmetrics.parser', '').status === 0
const skip = isThere
  ? false
  : 'the parser is not installed: apt-get install -y --no-install-recommends python3-prometheus-client'
if (skip && process.env.CI === 'true') throw new Error(skip)

test('the metrics are OpenMetrics', { skip }, async () => {
  await using site = await measuredSite()
  const text = await site.read()
  const { stdout, stderr } = run(PROGRAM, text)
  assert.equal(stderr, '')
  const families = JSON.parse(stdout) as Record<string, [string, string, number]>
  const kinds = Object.fromEntries(Object.entries(families).map(([name, [type]]) => [name, type]))
  assert.deepEqual(kinds, {
    devicehub_logins: 'counter',
    devicehub_login_duration_seconds: 'histogram',
    devicehub_decisions: 'counter',
    devicehub_decision_duration_seconds: 'histogram',
    devicehub_messages: 'counter',
    devicehub_message_duration_seconds: 'histogram',
    devicehub_rejections: 'counter',
    devicehub_commands: 'counter',
    devicehub_command_duration_seconds: 'histogram',
    devicehub_broker_requests: 'counter',
    devicehub_hub_ready: 'gauge',
    devicehub_hub_messages: 'gauge',
    devicehub_hub_commands: 'gauge',
    devicehub_hub_broker_connected: 'gauge',
    devicehub_hub_broker_subscribed: 'gauge',
    devicehub_hub_broker_failed_attempts: 'gauge',
    devicehub_devices: 'gauge',
    devicehub_devices_fresh: 'gauge',
    devicehub_embedded_connections: 'gauge',
    devicehub_embedded_clients: 'gauge',
    devicehub_embedded_sessions: 'gauge',
    devicehub_embedded_subscriptions: 'gauge',
    devicehub_embedded_retained: 'gauge',
    devicehub_embedded_stored_bytes: 'gauge',
    devicehub_embedded_retained_bytes: 'gauge',
    devicehub_embedded_messages_received: 'counter',
    devicehub_embedded_messages_sent: 'counter',
    devicehub_embedded_received_bytes: 'counter',
    devicehub_embedded_sent_bytes: 'counter',
    devicehub_embedded_dropped: 'counter',
    devicehub_embedded_refused: 'counter',
  })
  for (const [name, [, unit]] of Object.entries(families)) {
    if (unit) assert.ok(name.endsWith(`_${unit}`), name)
  }
})

test('the parser finds what is wrong', { skip }, () => {
  for (const wrong of [
    '# TYPE a counter\na 1\n# EOF\n',
    'a_total 1\n',
    '# TYPE a gauge\na{x="1} 1\n# EOF\n',
  ]) {
    assert.notEqual(run(PROGRAM, wrong).status, 0, wrong)
  }
})
