-- commit.lua
-- purpose  one atomic step of a document: contents, alarms, events, indexes, seen mark
-- KEYS     1 due:gate  2 due:card  3 holds
--          4 doc    hash: revision, commits (ids, newest first), body, standing, owner
--          5 events list: event n is element n - 1
--          6 open   zset of open ids, all with score 0: ordered by id
--          7 owner  zset: id -> when it was created, ms
--          8 seen   string: the id that a delivery created
--          9 unrecorded  zset: id -> since when it waits for the ledger, ms
-- ARGV     1 id  2 expected revision, 0 creates  3 expected commit id  4 commit id  5 body
--          6 standing  7 owner  8 alarm of gate, ms or ""  9 alarm of card  10 lane of the claim or ""
--          11 its token  12 how long to keep the seen mark, ms, 0: there is none
--          13 commit ids to remember  14 ids to keep per owner  15... events
-- returns  {"applied" | "already", revision}, {"duplicate", id}, {"fenced"} or {"conflict"}

local id, expected, commit, standing = ARGV[1], tonumber(ARGV[2]), ARGV[4], ARGV[6]
local alarms = {gate = tonumber(ARGV[8]), card = tonumber(ARGV[9])}
local claimed, token = ARGV[10], ARGV[11]
local keep_seen = tonumber(ARGV[12])

-- What is read tells by itself whether its key is of a foreign type; the others are asked below.
local doc = redis.pcall('HMGET', KEYS[4], 'revision', 'commits')
if doc.err then return corrupt('doc') end
local revision, commits = 0, {}
if doc[1] or redis.call('EXISTS', KEYS[4]) == 1 then
  revision = tonumber(doc[1])
  for past in string.gmatch(doc[2] or '', '%w+') do commits[#commits + 1] = past end
  if not revision or #commits == 0 then return corrupt('doc') end
end

-- Replay first: the replayed step had ended its own lease and moved the version on.
for back, past in ipairs(commits) do
  if past == commit then return {'already', whole(revision - back + 1)} end
end
local texts = redis.pcall('HMGET', KEYS[3], 'gate:' .. id, 'card:' .. id)
if texts.err then return corrupt('holds') end
local holds = {gate = hold_of('gate', texts[1]), card = hold_of('card', texts[2])}
if claimed ~= '' and not held_by(holds[claimed], token) then return {'fenced'} end
if keep_seen > 0 then
  local created = redis.pcall('GET', KEYS[8])
  if type(created) == 'table' then return corrupt('seen') end
  if created then return {'duplicate', created} end
end
if revision ~= expected or (commits[1] or '') ~= ARGV[3] then return {'conflict'} end
local events = redis.pcall('LLEN', KEYS[5])
if type(events) == 'table' then return corrupt('events') end
-- Events whose document was lost stay what they are: another id is drawn.
if revision == 0 and events > 0 then return {'conflict'} end
local wrong = foreign_alarm_key()
  or #ARGV > 14 and foreign(redis.call('TYPE', KEYS[9]), 'zset') and 'unrecorded'
  or foreign(redis.call('TYPE', KEYS[7]), 'zset') and 'owner'
if wrong then return corrupt(wrong) end

-- From here on everything is written. Only the first can fail, and then it has written nothing.
local listed
if standing == 'open' then
  listed = redis.pcall('ZADD', KEYS[6], 0, id)
else
  listed = redis.pcall('ZREM', KEYS[6], id)
end
if type(listed) == 'table' then return corrupt('open') end
table.insert(commits, 1, commit)
commits = table.concat(commits, ' ', 1, math.min(#commits, tonumber(ARGV[13])))
if revision == 0 then
  redis.call('HSET', KEYS[4], 'revision', '1', 'commits', commits, 'body', ARGV[5], 'standing', standing,
    'owner', ARGV[7])
  redis.call('ZADD', KEYS[7], now, id)
  -- Now and then: a few more are kept meanwhile.
  if micros % 16 == 0 then redis.call('ZREMRANGEBYRANK', KEYS[7], 0, -1 - tonumber(ARGV[14])) end
else
  redis.call('HSET', KEYS[4],
    'revision', whole(revision + 1), 'commits', commits, 'body', ARGV[5], 'standing', standing)
end
if #ARGV > 14 then
  redis.call('RPUSH', KEYS[5], unpack(ARGV, 15))
  redis.call('ZADD', KEYS[9], 'NX', now, id)
end
if keep_seen > 0 then redis.call('SET', KEYS[8], id, 'PX', keep_seen) end

for _, lane in ipairs(LANES) do
  local hold = holds[lane]
  -- Nothing outside can concern a finished document any more.
  if standing ~= 'open' then hold.woken = false end
  if claimed == lane then
    hold.attempts = 0
    let_go(hold, id, alarms[lane])
  elseif held(hold) then
    hold.after = alarms[lane]
    write_hold(hold, id)
  else
    let_go(hold, id, alarms[lane])
  end
end
return {'applied', whole(revision + 1)}
