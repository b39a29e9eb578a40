/**
 * Makes certificates to try TLS with: an authority, a broker's certificate and a client's.
 *
 * `node --import tsx examples/certificates/make.ts [FOLDER] [HOST …]`
 *
 * The folder is `certificates` and the hosts are `localhost` and 127.0.0.1 unless told otherwise.
 *
 * @module
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createAuthority, type Issued } from './certificate.ts'

const [folder = 'certificates', ...given] = process.argv.slice(2)
const hosts = given.length > 0 ? given : ['localhost', '127.0.0.1']

const authority = await createAuthority('Authority for trials')
mkdirSync(folder, { recursive: true })
write('ca.crt', authority.cert, 0o644)
writePair('server', await authority.issue({ name: hosts[0]!, hosts }))
writePair('client', await authority.issue({ name: 'hub' }))
console.log(`${folder}: ca.crt, server.crt, server.key, client.crt and client.key, for 30 days`)
console.log(`The server is ${hosts.join(', ')}.`)

function writePair(name: string, { cert, key }: Issued): void {
  write(`${name}.crt`, cert, 0o644)
  write(`${name}.key`, key, 0o600)
}

function write(name: string, text: string, mode: number): void {
  const path = join(folder, name)
  try {
    writeFileSync(path, text, { mode, flag: 'wx' })
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    console.error(code === 'EEXIST' ? `${path} is there already` : `${path}: ${code}`)
    process.exit(1)
  }
}
