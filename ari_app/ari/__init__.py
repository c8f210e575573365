"""Client for ARI, the REST interface of Asterisk: typed requests out, typed events in.

`connection` is the door; `api` lists the requests, `events` the events, `errors` what can go wrong,
`accounts` pushes SIP phones and trunks.
"""
