/**
 * The page of a fleet that is at work: 1,000 devices that send once a second, among 100,000 on record, and 20
 * messages a second that are rejected.
 *
 * One view for five minutes, with the numbers printed: `PAGE_LOAD_SECONDS=300 PAGE_LOAD_VIEW=device`. Else each
 * for some seconds.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { chromiumMissing } from '../support/chromium.ts'
import { deferred, within } from '../support/wait.ts'
import { type Driver, type Look, openDriver } from './driver.ts'
import { type Heap, heapOf } from './heap.ts'
import { rowsOf } from './rows.ts'
import { type Site, startSite, station } from './site.ts'

const SECONDS = Number(process.env.PAGE_LOAD_SECONDS ?? 5)
/** A short run says nothing of what is kept. */
const isLong = SECONDS >= 60
const ON_RECORD = Number(process.env.PAGE_LOAD_DEVICES ?? 100_000)
const SENDING = 1_000
/** Milliseconds between two parts of what is sent in a second. */
const PART = 50
/** Milliseconds: a longer one is felt, and is a long task to a browser. A short run is one on any machine. */
const MAX_TASK = isLong ? 50 : 500
const has = (text: string) =>
  `document.querySelector('main').innerText.includes(${JSON.stringify(text)})`

interface Watched {
  readonly name: string
  readonly address: string
  /** What is there once it is kept up to date. */
  readonly condition: string
  readonly screen: Look['screen']
  /** Most elements there may be, whatever the fleet. */
  readonly elements: number
}

const HEARD = `(${has('now')} || ${has('1 s ago')} || ${has('2 s ago')})`
const VIEWS: readonly Watched[] = [
  {
    name: 'table',
    address: '#/devices',
    condition: `${has('STATION-0001')} && ${HEARD}`,
    screen: 'desktop',
    elements: 1_100,
  },
  {
    name: 'phone table',
    address: '#/devices',
    condition: `${has('STATION-0001')} && ${HEARD}`,
    screen: 'phone',
    elements: 500,
  },
  {
    name: 'device',
    address: `#/devices/${station.name}/STATION-0001`,
    condition: `${has('STATION-0001')} && ${HEARD}`,
    screen: 'desktop',
    elements: 400,
  },
  {
    name: 'log',
    address: '#/log',
    condition: has('Message rejected'),
    screen: 'desktop',
    elements: 500,
  },
  {
    name: 'brokers',
    address: '#/brokers',
    condition: has('/s'),
    screen: 'desktop',
    elements: 200,
  },
]

describe('a fleet at work', { skip: chromiumMissing }, () => {
  let site: Site
  let driver: Driver
  let timer: NodeJS.Timeout
  let sent = 0
  before(async () => {
    site = await startSite({ devices: ON_RECORD })
    driver = await openDriver(site.url)
    const part = SENDING / (1_000 / PART)
    timer = setInterval(() => {
      for (let i = 0; i < part; i++) {
        const id = `STATION-${String((sent++ % SENDING) + 1).padStart(4, '0')}`
        void site.publish(station.name, id, 'data', { temperature: 20 + Math.sin(sent) * 5 })
      }
      void site.publish(station.name, 'STATION-0002', 'data', { temperature: 'warm' })
    }, PART)
  })
  after(async () => {
    clearInterval(timer)
    await driver?.[Symbol.asyncDispose]()
    await site?.[Symbol.asyncDispose]()
  })

  test('is paged through, and searched', async () => {
    await driver.show('#/devices', `document.querySelectorAll('tbody tr').length === 50`)
    const first = await driver.page.evaluate(`document.querySelector('tbody a').innerText`)
    await driver.page.evaluate(`[...document.querySelectorAll('.pager button')].at(-1).click()`)
    await driver.until(`document.querySelector('tbody a')?.innerText !== ${JSON.stringify(first)}
      && document.querySelectorAll('tbody tr').length === 50`)
    const last = `STATION-${String(Math.ceil(ON_RECORD / 2)).padStart(4, '0')}`
    await driver.show(
      `#/devices?search=${last}`,
      `${has(last)}
      && document.querySelectorAll('tbody tr').length === 1`,
    )
  })

  const asked = process.env.PAGE_LOAD_VIEW
  for (const view of VIEWS.filter(({ name }) => asked === undefined || name === asked)) {
    const { name, address, condition, screen } = view
    test(`${name}: kept up to date, with no long task and nothing that piles up`, async () => {
      await driver.look({ screen, scheme: 'light' })
      await driver.open(site.url)
      await driver.show(address, condition)
      const begin = Number(await driver.page.evaluate(ELEMENTS))
      await passes(SECONDS / 5)
      const early = isLong ? await measure(driver) : undefined
      // The garbage that is collected to measure is a task too, and none of the page's.
      await driver.page.evaluate(OBSERVE)
      const tasksOf = await traceTasks(driver)
      await passes((SECONDS * 4) / 5)
      const long = (await driver.page.evaluate('window.longTasks')) as readonly number[]
      const tasks = await tasksOf()
      const longest = Math.max(...tasks)
      const elements = Number(await driver.page.evaluate(ELEMENTS))
      const { rows, inSight } = await rowsOf(driver)
      console.log(
        `# ${name}: ${SECONDS} s, ${elements} elements (${begin} at the beginning), ${rows} rows, ${inSight} in sight, ` +
          `${tasks.length} tasks, the longest ${longest.toFixed(1)} ms of CPU, over 50 ms by the wall: ${long.length}`,
      )
      await driver.until(condition)
      assert.ok(elements <= view.elements, `${elements} elements`)
      assert.ok(rows <= 3 * inSight, `${rows} rows, ${inSight} in sight`)
      assert.deepEqual(driver.complaints, [])
      // By the CPU that it takes: by the wall a task is as long as a machine with other work makes it.
      assert.ok(longest <= MAX_TASK, `A task took ${longest} ms`)
      if (early) isKept(name, early, await measure(driver))
    })
  }
})

/** Asserts that as much is kept as before. */
function isKept(name: string, early: Measure, late: Measure): void {
  const growth = (of: (measured: Measure) => number) => (of(late) / of(early) - 1) * 100
  const text = (of: (measured: Measure) => number) =>
    `${Math.round(of(early) / 1024)} to ${Math.round(of(late) / 1024)} KiB (${growth(of).toFixed(1)} %)`
  console.log(
    `# ${name}: kept ${text(({ heap }) => heap.kept)}, code ${text(({ heap }) => heap.code)}, ` +
      `heap in all ${text(({ all }) => all)}, nodes ${early.nodes} to ${late.nodes}`,
  )
  assert.ok(growth(({ heap }) => heap.kept) <= 5, 'what is kept grew')
  // With the code that V8 makes meanwhile, which is not of the page.
  assert.ok(growth(({ all }) => all) <= 20, 'the heap grew')
  assert.ok(growth(({ nodes }) => nodes) <= 5, `${early.nodes} nodes, then ${late.nodes}`)
}

/** Notes the tasks of the page's main thread. Returns how to stop that, and get how long each was, in ms of CPU. */
async function traceTasks({ page }: Driver): Promise<() => Promise<readonly number[]>> {
  const events: TraceEvent[] = []
  const ended = deferred()
  page.on('Tracing.dataCollected', ({ value }) => events.push(...(value as TraceEvent[])))
  page.on('Tracing.tracingComplete', () => ended.resolve())
  const includedCategories = ['toplevel', 'disabled-by-default-devtools.timeline']
  await page.call('Tracing.start', { traceConfig: { includedCategories } })
  return async () => {
    await page.call('Tracing.end')
    await within(ended.promise, 'trace of Chromium', 60_000)
    const main = new Set(
      events
        .filter(({ name, args }) => name === 'thread_name' && args?.name === 'CrRendererMain')
        .map(({ pid, tid }) => `${pid} ${tid}`),
    )
    const tasks = events.filter(
      ({ name, pid, tid }) => /RunTask$/.test(name) && main.has(`${pid} ${tid}`),
    )
    assert.ok(tasks.length > 0, 'no task was traced')
    return tasks.map(({ tdur = 0 }) => tdur / 1_000)
  }
}

function passes(seconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, seconds * 1_000))
}

/** As far as it is read; times in microseconds. */
interface TraceEvent {
  readonly name: string
  readonly pid: number
  readonly tid: number
  readonly tdur?: number
  readonly args?: { readonly name?: string }
}

interface Measure {
  readonly heap: Heap
  /** Bytes, with the code and what the engine needs itself. */
  readonly all: number
  /** Of the DOM, in the document or not. */
  readonly nodes: number
}

async function measure(driver: Driver): Promise<Measure> {
  const { page } = driver
  const heap = await heapOf(driver)
  await page.call('HeapProfiler.collectGarbage')
  await page.call('Performance.enable')
  const { metrics } = await page.call('Performance.getMetrics')
  const of = (name: string) =>
    (metrics as { name: string; value: number }[]).find((each) => each.name === name)!.value
  return { heap, all: of('JSHeapUsedSize'), nodes: of('Nodes') }
}

const ELEMENTS = `document.querySelectorAll('*').length`
const OBSERVE = `
  window.observer?.disconnect()
  window.longTasks = []
  window.observer = new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) window.longTasks.push(duration)
  })
  window.observer.observe({ type: 'longtask' })`
