/**
 * What EMQX's management API answers.
 *
 * Measured in November 2026 on EMQX 5.8.6, 5.10.3 and 6.0.2, built from source: ending a client is
 * answered with 204; the client gets DISCONNECT with reason code 0x98, its kept session is gone.
 * All else is read in the source of 5.10.3 (28 January 2026), which 5.8.6 and 6.0.2 agree with:
 * `emqx_mgmt_api_clients.erl`, `emqx_mgmt.erl`, `emqx_dashboard.erl`, `emqx_dashboard_rbac.erl`.
 *
 * @module
 */

/** An answer: its status, and its body as it is sent. */
export interface Recorded {
  readonly status: number
  readonly body?: string
  readonly headers?: Readonly<Record<string, string>>
}

export const recorded = {
  /** Measured. */
  ended: { status: 204 },
  'client gone': {
    status: 404,
    body: '{"code":"CLIENTID_NOT_FOUND","message":"Client ID not found"}',
  },
  'key unknown, disabled or expired, or secret wrong': {
    status: 401,
    body: '{"code":"BAD_API_KEY_OR_SECRET","message":"Check api_key/api_secret"}',
    headers: { 'www-authenticate': 'Basic Realm="emqx-dashboard"' },
  },
  'role is viewer or publisher': {
    status: 403,
    body: '{"code":"UNAUTHORIZED_ROLE","message":"This API Key don\'t have permission to access this resource"}',
  },
  'node of the cluster down': {
    status: 500,
    body: '{"code":"NODE_DOWN","message":"bad rpc call \'emqx@10.0.0.2\', Reason nodedown"}',
  },
  'path unknown': {
    status: 404,
    body: '{"code": "NOT_FOUND", "message": "Request Path Not Found"}',
  },
} as const satisfies Readonly<Record<string, Recorded>>

/**
 * What it answers to a message, as the source of 5.10 has it (`emqx_mgmt_api_publish.erl`, read in
 * November 2026): none of it was run.
 */
export const published = {
  taken: { status: 200, body: '{"id":"000600D09A099053F445000014C30000"}' },
  'no matching subscribers': {
    status: 202,
    body: '{"message":"no_matching_subscribers","reason_code":16}',
  },
  'topic invalid': { status: 400, body: '{"message":"topic_name_invalid","reason_code":144}' },
  'too large': { status: 400, body: '{"message":"packet_too_large","reason_code":151}' },
  'schema violated': {
    status: 400,
    body: '{"code":"BAD_REQUEST","message":{"kind":"validation_error"}}',
  },
  'failed to dispatch': { status: 503, body: '{"message":"failed_to_dispatch","reason_code":131}' },
} as const satisfies Readonly<Record<string, Recorded>>
