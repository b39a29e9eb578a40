/**
 * A page without a framework: a card for each station.
 *
 * @module
 */
import { STATIONS, weatherStation } from '../types.ts'
import { openWatcher } from './watcher.ts'
import { changeInterval, connectionText, presenceText } from './words.ts'

const watcher = await openWatcher()
const find = (inside: ParentNode, selector: string) =>
  inside.querySelector<HTMLElement>(selector) as HTMLElement

watcher.connection.subscribe((connection) => {
  find(document, '#connection').textContent = connectionText(connection)
})

for (const id of STATIONS) {
  const station = watcher.watch(weatherStation, { id })
  const card = find(document, 'main').appendChild(
    find(document.querySelector('template')!.content, 'section').cloneNode(true) as HTMLElement,
  )
  const show = (selector: string, text = '') => {
    find(card, selector).textContent = text
  }
  show('h2', id)
  station.subscribe(({ data, status, presence, refused }) => {
    show('.temperature', data && `${data.temperature.toFixed(1)} °C`)
    show('.status', status?.status)
    show('.presence', presenceText(presence))
    show('.refused', refused.data?.message)
  })
  const form = card.querySelector('form')!
  form.addEventListener('submit', async (event) => {
    event.preventDefault()
    const seconds = Number(new FormData(form).get('seconds'))
    show('output', await changeInterval(station, seconds))
  })
}
