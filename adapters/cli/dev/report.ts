/**
 * What `devicehub dev` prints: single things that happen, a line every few seconds, and a summary
 * at the end.
 *
 * @module
 */
import process from 'node:process'
import { monotonicNow } from '../../../src/base/clock.ts'
import { print } from '../output.ts'

const color = process.stdout.isTTY && !process.env.NO_COLOR
const paint = (code: number) => (text: string) => (color ? `\x1b[${code}m${text}\x1b[0m` : text)
export const bold: (text: string) => string = paint(1)
export const dim: (text: string) => string = paint(2)
export const green: (text: string) => string = paint(32)
export const red: (text: string) => string = paint(31)
export const yellow: (text: string) => string = paint(33)

/** Counts what happens, and prints it. */
export class Report {
  handled = 0
  rejected = 0
  denied = 0
  commands = 0
  readonly #started = monotonicNow()
  #handledBefore = 0
  #printedAt = monotonicNow()
  #warmest: { id: string; temperature: number } | undefined

  measured(id: string, data: unknown): void {
    this.handled++
    const temperature = (data as { temperature?: unknown } | undefined)?.temperature
    if (typeof temperature !== 'number') return
    if (!(this.#warmest && this.#warmest.temperature > temperature)) {
      this.#warmest = { id, temperature }
    }
  }

  /** One line about a single thing that happened. */
  event(mark: string, text: string): void {
    void print(`${dim(this.#clock())}  ${mark} ${text}`)
  }

  /** The line that is printed every few seconds. */
  live(devices: number): void {
    const seconds = (monotonicNow() - this.#printedAt) / 1000
    const rate = (this.handled - this.#handledBefore) / seconds
    this.#printedAt = monotonicNow()
    this.#handledBefore = this.handled
    const warmest = this.#warmest
      ? `, warmest ${this.#warmest.id} ${this.#warmest.temperature.toFixed(1)} °C`
      : ''
    this.#warmest = undefined
    this.event(
      green('●'),
      `${bold(String(devices))} devices connected, ${bold(String(this.handled))} messages handled (${rate.toFixed(0)}/s), ${this.rejected} rejected, ${this.denied} denied${dim(warmest)}`,
    )
  }

  summary(): Promise<void> {
    const seconds = ((monotonicNow() - this.#started) / 1000).toFixed(1)
    return print(
      `\n${bold('Summary')} after ${seconds} s: ${this.handled} messages handled, ${this.rejected} rejected, ${this.denied} denied, ${this.commands} ${this.commands === 1 ? 'command' : 'commands'} answered.`,
    )
  }

  #clock(): string {
    const seconds = Math.floor((monotonicNow() - this.#started) / 1000)
    const two = (n: number) => String(n).padStart(2, '0')
    return `${two(Math.floor(seconds / 60))}:${two(seconds % 60)}`
  }
}
