/**
 * A sign-in with one password and sessions in memory. Yours takes its place.
 *
 * @module
 */
import { type Context, Hono } from 'hono'
import { deleteCookie, getCookie, setCookie } from 'hono/cookie'
import { csrf } from 'hono/csrf'
import { timingSafeEqual } from 'hono/utils/buffer'

const COOKIE = 'session'
const form = (note: string) => `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<link rel="icon" href="data:,">
<title>Sign in</title>
<main>
  <h1>Sign in</h1>
  <form method="post">
    <label>Password <input type="password" name="password" autocomplete="current-password"></label>
    <button>Sign in</button>
  </form>
  <p role="alert">${note}</p>
</main>`

/** What {@link createSignIn} makes. */
export interface SignIn {
  /** `GET` and `POST /sign-in`, and `POST /sign-out`. */
  readonly routes: Hono
  /** Of which session a request is, by a name that is no secret; `undefined`: nobody is signed in. */
  sessionOf(context: Context): string | undefined
}

/** @param onSignedOut Is called when a session has ended. */
export function createSignIn(
  password: string,
  onSignedOut: (session: string) => Promise<unknown>,
): SignIn {
  /** By what the cookie holds, which is secret. */
  const sessions = new Map<string, string>()
  const routes = new Hono()
    .use('/sign-in', csrf())
    .use('/sign-out', csrf())
    .get('/sign-in', (context) => context.html(form('')))
    .post('/sign-in', async (context) => {
      const { password: given } = await context.req.parseBody()
      if (!(await timingSafeEqual(String(given), password))) {
        return context.html(form('This is another password'), 403)
      }
      const key = crypto.randomUUID()
      sessions.set(key, crypto.randomUUID())
      // Behind HTTPS, with `secure: true` too.
      setCookie(context, COOKIE, key, { httpOnly: true, sameSite: 'Strict' })
      return context.redirect('/')
    })
    .post('/sign-out', async (context) => {
      const key = deleteCookie(context, COOKIE) ?? ''
      const session = sessions.get(key)
      // In this order: a page that lost its connection asks for another token at once.
      sessions.delete(key)
      if (session !== undefined) await onSignedOut(session)
      return context.redirect('/sign-in')
    })
  return {
    routes,
    sessionOf: (context) => sessions.get(getCookie(context, COOKIE) ?? ''),
  }
}
