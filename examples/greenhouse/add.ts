// add.ts
import { writeFile } from 'node:fs/promises'
import { fleet } from './fleet.ts'
import { types } from './types.ts'

const [name, id] = process.argv.slice(2)
const type = types.find((each) => each.name === name)
if (!type || !id) throw new Error('Usage: add.ts climate|valve ID')

const login = await fleet.provision(type, id)
await writeFile(`${id}.json`, JSON.stringify(login), { mode: 0o600 })
console.log(`${login.username} is on record, its login is in ${id}.json`)
