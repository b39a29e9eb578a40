/**
 * The store over `node:sqlite`, which Node has from version 22.13 on.
 *
 * @module
 */
import { DatabaseSync } from 'node:sqlite'
import { sqliteFile } from './opened.ts'
import { sqlConforms } from './suites.ts'

sqlConforms('node:sqlite', () => sqliteFile((path) => new DatabaseSync(path)))
