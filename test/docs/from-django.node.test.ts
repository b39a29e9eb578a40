/**
 * The page for those who come from django-devicehub: every section and name they know has an
 * answer there, and what the answers name exists.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { mqtt } from 'devicehub/mqtt'
import ts from 'typescript'
import * as valibot from 'valibot'
import { devicehubProgram } from '../../adapters/cli/program.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const PAGE = 'docs/from-django-devicehub.md'

/** Names as a text, with a dot between two of them. */
function list(names: string): readonly string[] {
  return names.split('·').map((name) => name.trim().replaceAll(/\s+/g, ' '))
}

/** The sections of the brokers guide in its order, as the page calls them, with their names. */
const GUIDE: Readonly<Record<string, readonly string[]>> = {
  'Broker configuration': [],
  'Configuration keys': list(`
    ENGINE · HOST · PORT · USERNAME · PASSWORD · CLIENT_ID · KEEPALIVE · USE_TLS · CA_CERTS
    · CERTFILE · KEYFILE · USE_SHARED_SUBSCRIPTIONS · SHARE_GROUP · AUTH_BACKEND
  `),
  'EMQX setup': [],
  'EMQX: Docker Compose': [],
  'HTTP authentication': list(`
    POST /iot/broker/auth/ · POST /iot/broker/acl/ · {"username", "password"} · {"username",
    "topic", "action"} · "action": "pub"|"sub" · emqx.conf
  `),
  'How the auth endpoints work': list(`
    BrokerAuthView · BrokerACLView · mqtt_username · {"result": "allow"} · {"result":
    "deny"} · data · status · cmd
  `),
  'Mosquitto setup': [],
  'Mosquitto: Docker Compose': [],
  'Basic config': list(`
    mosquitto.conf · mosquitto-auth-plug · mosquitto-go-auth
  `),
  'TLS configuration': [],
  'Mutual TLS (mTLS)': [],
  'Shared subscriptions': list(`
    USE_SHARED_SUBSCRIPTIONS: True · $share/<SHARE_GROUP>/<filter> · iot_listen
  `),
  'Customizing the share group': [],
  'Disabling shared subscriptions': [],
  'Multiple brokers': [],
  Listening: list(`
    python manage.py iot_listen · --broker default · --broker lorawan · --broker cloud
  `),
  'MQTTBroker API': list(`
    MQTTBroker(name="default") · connect() · subscribe(topic) · publish(topic, payload) ·
    dict · qos=1 · correlation_id="abc-123" · user_properties={…} · loop_start() ·
    loop_stop() · loop_forever() · disconnect() · set_message_handler(callback) ·
    _subscribe_all()
  `),
  'Writing a custom broker': list(`
    BaseBroker · class CoapBroker(BaseBroker) · connect(self) · disconnect(self) ·
    subscribe(self, topic, qos=1) · publish(self, topic, payload, qos=1, **kwargs) ·
    loop_forever(self) · loop_start(self) · loop_stop(self)
  `),
  'Registering it': [],
}

/** What lies beyond the brokers guide. */
const BEYOND: Readonly<Record<string, readonly string[]>> = {
  'At a glance': list(`
    class WeatherStation(DeviceType) · DJANGO_DEVICEHUB["BROKERS"] · python manage.py
    iot_listen · python manage.py iot_simulate · /iot/broker/auth/ · /iot/broker/acl/ ·
    MQTTBroker · BaseBroker · generate_credentials() · make_password · send_command()
  `),
  'Device types': list(`
    DeviceType · _abstract · devices · Reading · Reading(type) · reading_types.FLOAT ·
    Reading(unit) · Reading(range) · Reading(required) · Reading(verbose_name) · Command ·
    Command(payload) · validate_payload(data) · StateField(type) · StateField(default) ·
    StateField(choices) · Meta.protocol · Meta.broker · Meta.auth · Meta.heartbeat_interval
    · Meta.topic_template · {type_name} · {device_id} · {message_type} · get_meta() ·
    get_topic(device_id, message_type) · get_subscribe_topics() · _readings · _commands ·
    _state_fields · create_models()
  `),
  Commands: list(`
    send_command(command_name, payload, broker_name) · on_command_response(device, command,
    response)
  `),
  'Fields and methods of a device': list(`
    device_id · name · status · battery_level · firmware_version · last_seen · is_active ·
    mqtt_username · mqtt_password_hash · api_key · metadata · make_password · generate_credentials() ·
    save() · check_mqtt_password(raw) · is_heartbeat_overdue(heartbeat_interval, multiplier)
  `),
  'Signals and hooks': list(`
    device_data_received · device_status_changed · device_connected · device_disconnected ·
    device_provisioned · device_command_response · device_command_sent · on_data(device, readings) ·
    on_status_change(device, old_status, new_status) · on_connect(device) ·
    on_disconnect(device) · on_command_response(device, command, response) · sender ·
    MessageRouter
  `),
  'Storage, API and pages': list(`
    Device · Reading · Message · DjangoORMStorage · TimescaleDB · InfluxDBStorage ·
    store_reading(…) · query_readings(…) · aggregate(…) · REALTIME · channels · sse ·
    iot_simulate <type_name> · iot_simulate --realistic · iot_simulate
    --count · --duration · --interval · iot_provision <type_name> --count --prefix --output
  `),
  Settings: list(`
    DJANGO_DEVICEHUB · BROKERS · STORAGE · TOPIC_PREFIX · AUTO_API · AUTO_ADMIN ·
    DEVICE_ID_MAX_LENGTH · API_KEY_LENGTH · HEARTBEAT_TIMEOUT_MULTIPLIER ·
    invalidate_cache()
  `),
}

/** What a word before a dot stands for on the page: the type whose member follows. */
const ROOTS: Readonly<Record<string, string>> = {
  fleet: 'Fleet',
  hub: 'Hub',
  broker: 'Broker',
  presence: 'PresenceTracker',
  type: 'DeviceType',
  event: 'DataEvent',
  rejection: 'Rejection',
  status: 'DefaultStatus',
  device: 'DeviceRef',
}

/** Words of the answers that are no names of this library. */
const ELSEWHERE = new Set([
  // JavaScript
  ...['true', 'false', 'new', 'class', 'implements', 'fetch', 'JSON', 'stringify', 'TextEncoder'],
  // what the page makes up: parameters, a class, keys of schemas
  ...['name', 'handler', 'subscriptions', 'CoapBroker', 'shared', 'interval', 'unit'],
  // values: channels, placeholders, kinds, defaults
  ...['cmd', 'deviceId', 'provisioned', 'rejected', 'default', 'localhost', 'devicehub', 'things'],
  // a payload's key, and the configuration of EMQX
  ...['readings', 'authorization', 'no_match', 'clientid', 'peerhost'],
  // why a login is denied, in the log; and JSON's word for nothing
  ...['throttled', 'busy', 'null'],
])

interface Section {
  readonly title: string
  /** Cells of its tables, by row, without the head. */
  readonly rows: readonly (readonly string[])[]
  /** Text of its own, without programs and headings below it. */
  readonly text: string
  /** Whether a program stands in it. */
  readonly hasProgram: boolean
}

function readCells(line: string): readonly string[] {
  const cells = line.split(/(?<!\\)\|/).slice(1, -1)
  return cells.map((cell) => cell.trim().replaceAll('\\|', '|'))
}

function readSections(path: string): readonly Section[] {
  const markdown = readFileSync(path, 'utf8')
  // A `#` at the beginning of a line of a program is no heading.
  const prose = markdown.replaceAll(/^```[\s\S]*?^```$/gm, '```')
  return prose.split(/^#{1,6} /m).flatMap((part) => {
    const [title = '', ...lines] = part.split('\n')
    if (title === '') return []
    const table = lines.filter((line) => line.startsWith('|'))
    // A head is the line above a line of dashes.
    const rows = table.filter((line, i) => {
      return !/^[|\s-]+$/.test(line) && !/^[|\s-]+$/.test(table[i + 1] ?? '')
    })
    const text = lines.join('\n')
    const hasProgram = text.includes('```')
    return [{ title, rows: rows.map(readCells), text, hasProgram }]
  })
}

function readSpans(text: string): readonly string[] {
  return [...text.replaceAll('```', '').matchAll(/`([^`\n]+)`/g)].map(([, span]) => span!)
}

function withoutTexts(code: string): string {
  return code.replaceAll(/'[^']*'|…/g, '')
}

const sections = readSections(join(root, PAGE))
const markdown = readFileSync(join(root, PAGE), 'utf8')

function findSection(title: string): Section {
  const found = sections.find((section) => section.title === title)
  assert.ok(found, `the page has a section "${title}"`)
  return found
}

/** The names that can be imported, and the members of their types. */
function readVocabulary() {
  const config = join(root, 'test', 'tsconfig.json')
  const { options } = ts.getParsedCommandLineOfConfigFile(
    config,
    {},
    { ...ts.sys, onUnRecoverableConfigFileDiagnostic: () => assert.fail(config) },
  )!
  const { exports } = JSON.parse(readFileSync(join(root, 'deno.json'), 'utf8'))
  const files = Object.values<string>(exports).map((path) => join(root, path))
  const program = ts.createProgram(files, options)
  const checker = program.getTypeChecker()
  const members = new Map<string, ReadonlySet<string>>()
  for (const file of files) {
    const source = program.getSourceFile(file)
    const module = source && checker.getSymbolAtLocation(source)
    for (const symbol of module ? checker.getExportsOfModule(module) : []) {
      const target = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol
      const type = checker.getDeclaredTypeOfSymbol(target)
      const parts = type.isUnion() ? type.types : [type]
      const names = parts.flatMap((part) => part.getProperties().map(({ name }) => name))
      // The members of a plain value, such as what a product has.
      const { valueDeclaration } = target
      if (target.flags & ts.SymbolFlags.Variable && valueDeclaration) {
        const value = checker.getTypeOfSymbolAtLocation(target, valueDeclaration)
        names.push(...value.getProperties().map(({ name }) => name))
      }
      members.set(symbol.name, new Set(names))
    }
  }
  return { entries: Object.keys(exports), members }
}

const { entries, members } = readVocabulary()
const words = new Set([...members.keys(), ...[...members.values()].flatMap((names) => [...names])])
const known = new Set([...Object.values(GUIDE), ...Object.values(BEYOND)].flat())

describe('the page answers every section of the guide', () => {
  test('in the order of the guide', () => {
    const titles = sections.map(({ title }) => title)
    const asked = Object.keys(GUIDE)
    assert.deepEqual(
      titles.filter((title) => asked.includes(title)),
      asked,
    )
  })

  for (const title of [...Object.keys(GUIDE), ...Object.keys(BEYOND)]) {
    test(title, () => {
      const { text, hasProgram } = findSection(title)
      assert.ok(hasProgram || text.trim().length > 20, 'it is not empty')
    })
  }
})

for (const [group, asked] of Object.entries({ GUIDE, BEYOND })) {
  describe(`the page answers every name ${group === 'GUIDE' ? 'of' : 'beyond'} the guide`, () => {
    for (const [title, names] of Object.entries(asked)) {
      for (const name of names) {
        test(`${title}: ${name}`, () => {
          const { rows } = findSection(title)
          const answers = rows.filter(([old]) => readSpans(old ?? '').includes(name))
          assert.notEqual(answers.length, 0, 'it stands in a row')
          for (const [, answer = ''] of answers) assert.match(answer, /\w{2}/)
        })
      }
    }
  })
}

test('no row is without an answer', () => {
  for (const { title, rows } of sections) {
    for (const [old, answer = ''] of rows) assert.match(answer, /\w{2}/, `${title}: ${old}`)
  }
})

describe('what the answers name exists', () => {
  const spans = sections.flatMap(({ rows, text }) => {
    const answers = rows.flatMap(([, ...cells]) => cells.flatMap(readSpans))
    return [...answers, ...readSpans(text.replaceAll(/^\|.*$/gm, ''))]
  })

  test('each entry point', () => {
    const named = [...markdown.matchAll(/devicehub(\/[a-z]+)['`]/g)]
    const imported = new Set(named.map(([, path]) => `.${path}`))
    assert.deepEqual([...imported].sort(), ['./hono', './mqtt', './page', './products'])
    for (const path of imported) assert.ok(entries.includes(path), path)
  })

  test('each verb and option of the command', () => {
    const { commands } = devicehubProgram()
    const lines = spans.filter((span) => /^devicehub [a-z]/.test(span))
    assert.ok(lines.length > 5)
    for (const line of lines) {
      const [, verb, ...rest] = line.split(' ')
      const named = commands.find((each) => each.name() === verb)
      const command = named?.commands.find((each) => each.name() === rest[0]) ?? named
      assert.ok(command, line)
      for (const option of rest.filter((word) => word.startsWith('--'))) {
        assert.ok(
          command.options.some(({ long }) => long === option),
          line,
        )
      }
    }
  })

  test('each key of a broker', () => {
    const keys = members.get('BrokerConfig')!
    const rows = findSection('Configuration keys').rows.filter(([, answer = '']) => {
      return !answer.startsWith('no key')
    })
    assert.equal(rows.length, 12)
    for (const [old, answer = ''] of rows) {
      const [key = ''] = readSpans(answer)
      assert.ok(keys.has(key.replace(/:.*/, '')), `${old}: ${key}`)
    }
  })

  test('each broker of the JSON configuration', () => {
    const [, json = ''] = /^```json\n([\s\S]*?)^```$/m.exec(markdown) ?? []
    const { brokers } = JSON.parse(json)
    assert.deepEqual(Object.keys(brokers), ['default', 'lorawan', 'cloud'])
    for (const config of Object.values<object>(brokers)) assert.ok(mqtt(config))
  })

  /** A span that is a name, a member, a call or an object of TypeScript, without its texts. */
  function isCode(span: string): boolean {
    if (known.has(span) || /^[A-Z_]+(: (True|False))?$|\.(md|ts|jsonl?|conf|py)$/.test(span))
      return false
    if (/^class \w+ implements /.test(span)) return true
    return /^!?[A-Za-z]\w*([.(]\S.*|: \S.*)?$/.test(span) && !/[/;]/.test(withoutTexts(span))
  }

  for (const span of new Set(spans.filter(isCode))) {
    test(span, () => {
      const code = withoutTexts(span)
      for (const [path, first = '', rest = ''] of code.matchAll(
        /(?<![\w.])([A-Za-z]\w*)((?:\.\w+)*)/g,
      )) {
        const names = rest.split('.').slice(1)
        if (first === 'v' && names[0] !== undefined) {
          assert.ok(names[0] in valibot, path)
          continue
        }
        const owner = names.length > 0 ? ROOTS[first] : undefined
        if (owner !== undefined) assert.ok(members.get(owner)?.has(names[0]!), path)
        else assert.ok(words.has(first) || ELSEWHERE.has(first) || first in ROOTS, path)
      }
      // What is called on an answer, such as `.send` of `hub.device(type, id)`.
      for (const [, name = ''] of code.matchAll(/\)\.(\w+)/g)) assert.ok(words.has(name), name)
    })
  }
})

test('the page needs no other site', () => {
  assert.deepEqual(markdown.match(/\]\(https?:[^)]*\)/g), null)
})
