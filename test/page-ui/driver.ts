/**
 * The page of a fleet in a real browser, driven as a person does: by keys, at a size, in light or dark.
 *
 * @module
 */
import { openPage, type Page } from '../support/chromium.ts'

/** A size of a screen. */
export const SCREENS = {
  desktop: { width: 1280, height: 900, deviceScaleFactor: 1, mobile: false },
  phone: { width: 390, height: 844, deviceScaleFactor: 2, mobile: true },
} as const

/** What whoever looks has. */
export interface Look {
  readonly screen: keyof typeof SCREENS
  readonly scheme: 'light' | 'dark'
}

/** An open page. */
export interface Driver extends AsyncDisposable {
  readonly page: Page
  /** What the console and the browser complained of, so far. */
  readonly complaints: readonly string[]
  /** Forgets them: of what is meant to fail. */
  forgive(): void
  look(look: Look): Promise<void>
  /** Loads a page anew. Settles when there is a view. */
  open(url: string): Promise<void>
  /** Shows a view, by the fragment of its address. Settles when what is waited for holds. */
  show(fragment: string, condition: string): Promise<void>
  /** Settles when an expression is true in the page. */
  until(condition: string, ms?: number): Promise<void>
  /** Presses a key, such as `Tab` or `a`. */
  press(key: string, options?: { readonly shift?: boolean }): Promise<void>
  /** Presses `Tab` until what has the focus is called so, by its label or what is in it. */
  tabTo(name: string): Promise<void>
  /** Types a text where the focus is. */
  type(text: string): Promise<void>
  /** What is seen, as PNG. */
  picture(): Promise<Buffer>
}

const CODES: Readonly<Record<string, readonly [code: number, text?: string]>> = {
  Tab: [9],
  Enter: [13, '\r'],
  Escape: [27],
  ' ': [32, ' '],
  ArrowDown: [40],
  ArrowUp: [38],
}

const MAX_TABS = 120
/** What has the focus is called. */
const FOCUSED = `(() => {
  const { activeElement: element } = document
  const label = element.labels?.[0]?.querySelector('span') ?? element
  return (element.getAttribute('aria-label') ?? label.innerText).trim()
})()`

/** Starts a browser, and opens a page in it. */
export async function openDriver(url: string): Promise<Driver> {
  const page = await openPage('about:blank')
  const complaints: string[] = []
  page.on('Runtime.exceptionThrown', ({ exceptionDetails }) => {
    const { text, exception } = exceptionDetails as {
      text: string
      exception?: { description?: string }
    }
    complaints.push(exception?.description ?? text)
  })
  page.on('Runtime.consoleAPICalled', ({ type, args }) => {
    if (type !== 'error' && type !== 'warning') return
    complaints.push(
      (args as { value?: unknown; description?: string }[])
        .map((each) => each.description ?? each.value)
        .join(' '),
    )
  })
  page.on('Log.entryAdded', ({ entry }) => {
    const { level, text, url: at } = entry as { level: string; text: string; url?: string }
    if (level === 'error' || level === 'warning') complaints.push(`${text} ${at ?? ''}`)
  })
  await page.call('Runtime.enable')
  await page.call('Log.enable')
  const driver: Driver = {
    page,
    get complaints() {
      return [...complaints]
    },
    forgive() {
      complaints.length = 0
    },
    async look({ screen, scheme }) {
      await page.call('Emulation.setDeviceMetricsOverride', SCREENS[screen])
      const features = [{ name: 'prefers-color-scheme', value: scheme }]
      await page.call('Emulation.setEmulatedMedia', { features })
    },
    async open(to) {
      await page.evaluate('window.isOld = true')
      await page.call('Page.navigate', { url: to })
      await driver.until(`!window.isOld && document.querySelector('main')`)
    },
    async show(fragment, condition) {
      await page.evaluate(`location.hash = ${JSON.stringify(fragment)}`)
      await driver.until(condition)
    },
    async until(condition, ms = 30_000) {
      const end = Date.now() + ms
      while (Date.now() < end) {
        // It fails while another page is loaded.
        if ((await page.evaluate(`Boolean(${condition})`).catch(() => false)) === true) return
        await new Promise((resolve) => setTimeout(resolve, 30))
      }
      const shown = await page.evaluate('document.body.innerText')
      throw new Error(`Never came true: ${condition}\n${String(shown)}`)
    },
    async tabTo(name) {
      for (let turn = 0; turn < MAX_TABS; turn++) {
        await driver.press('Tab')
        if (String(await page.evaluate(FOCUSED)) === name) return
      }
      throw new Error(`No key leads to "${name}"`)
    },
    async press(key, { shift = false } = {}) {
      const [code, text] = CODES[key] ?? [key.toUpperCase().charCodeAt(0), key]
      const common = { key, windowsVirtualKeyCode: code, modifiers: shift ? 8 : 0 }
      await page.call('Input.dispatchKeyEvent', {
        type: 'keyDown',
        ...common,
        ...(text && { text }),
      })
      await page.call('Input.dispatchKeyEvent', { type: 'keyUp', ...common })
    },
    async type(text) {
      await page.call('Input.insertText', { text })
    },
    async picture() {
      const { data } = await page.call('Page.captureScreenshot', { format: 'png' })
      return Buffer.from(String(data), 'base64')
    },
    [Symbol.asyncDispose]: () => page[Symbol.asyncDispose](),
  }
  try {
    await driver.look({ screen: 'desktop', scheme: 'light' })
    await driver.open(url)
    return driver
  } catch (error) {
    await driver[Symbol.asyncDispose]()
    throw error
  }
}
