/**
 * EMQX 5 and 6.
 *
 * @module
 */
import { SECRET, STATION_PASSWORD } from '../site.ts'
import type { Row } from './row.ts'

const headers = { 'content-type': 'application/json', authorization: `Bearer ${SECRET}` }

export const rows: readonly Row[] = [
  {
    title: 'a wrong password',
    path: '/emqx/auth',
    headers,
    body: `{"clientid":"c-1","password":"${STATION_PASSWORD}0","username":"weatherstation/STATION-001"}`,
    answer: { status: 200, body: '{"result":"deny"}', type: 'application/json' },
  },
]
