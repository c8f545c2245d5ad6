-- commit.lua
-- purpose  one atomic step of a document: contents, alarms, events, indexes, seen mark
-- KEYS     1 due:gate  2 due:card  3 holds
--          4 doc    hash: revision, commits (ids, newest first), body, standing; from older versions owner
--          5 events list: event n is element n - 1
--          6 open   zset of open ids, all with score 0: ordered by id
--          7 owner  zset: id -> when it was created, ms
--          8 seen   string: the id that a delivery created
--          9 unrecorded  zset: id -> since when it waits for the ledger, ms
-- ARGV     1 id  2 expected revision, 0 creates  3 expected commit id  4 commit id  5 body
--          6 standing  7 alarm of gate, ms or ""  8 alarm of card  9 lane of the claim or ""
--          10 its token  11 how long to keep the seen mark, ms, 0: there is none
--          12 commit ids to remember  13 ids to keep per owner  14... events
-- returns  {"applied" | "already", revision}, {"duplicate", id}, {"fenced"} or {"conflict"}

local id, commit, standing = ARGV[1], ARGV[4], ARGV[6]
local claimed, token = ARGV[9], ARGV[10]
local keep_seen = tonumber(ARGV[11])

-- What is read tells by itself whether its key is of a foreign type.
local doc = redis.pcall('HMGET', KEYS[4], 'revision', 'commits', 'standing')
if doc.err then return corrupt('doc') end
local revision, commits = 0, ''
if doc[1] or doc[2] or doc[3] then
  revision, commits = tonumber(doc[1] or ''), doc[2] or ''
  if not revision or not string.find(commits, '%w') then return corrupt('doc') end
end

-- Replay first: the replayed step had ended its own lease and moved the version on.
local past = {}
for made in string.gmatch(commits, '%w+') do
  if made == commit then return {'already', whole(revision - #past)} end
  past[#past + 1] = made
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
if revision ~= tonumber(ARGV[2]) or (past[1] or '') ~= ARGV[3] then return {'conflict'} end
local events = redis.pcall('LLEN', KEYS[5])
if type(events) == 'table' then return corrupt('events') end
-- Events whose document was lost stay what they are: another id is drawn.
if revision == 0 and events > 0 then return {'conflict'} end
for _, lane in ipairs(LANES) do
  holds[lane].due = due_at(lane, id)
  if type(holds[lane].due) == 'table' then return corrupt('due:' .. lane) end
end

-- From here on everything is written. The indexes were not asked what they are: they come first, and one that
-- cannot be written takes back those before it. Nothing after them can fail.
local marked, listed = 0, 0
local function take_back(what)
  if marked == 1 then redis.call('ZREM', KEYS[9], id) end
  if listed == 1 and standing == 'open' then redis.call('ZREM', KEYS[6], id) end
  return corrupt(what)
end
local at = whole(now)
if #ARGV > 13 then
  marked = redis.pcall('ZADD', KEYS[9], 'NX', at, id)
  if type(marked) == 'table' then return take_back('unrecorded') end
end
if standing == 'open' then
  listed = redis.pcall('ZADD', KEYS[6], '0', id)
else
  listed = redis.pcall('ZREM', KEYS[6], id)
end
if type(listed) == 'table' then return take_back('open') end
if revision == 0 then
  local owned = redis.pcall('ZADD', KEYS[7], at, id)
  if type(owned) == 'table' then return take_back('owner') end
  -- Now and then: a few more are kept meanwhile.
  if micros % 16 == 0 then redis.call('ZREMRANGEBYRANK', KEYS[7], 0, -1 - tonumber(ARGV[13])) end
end

table.insert(past, 1, commit)
commits = table.concat(past, ' ', 1, math.min(#past, tonumber(ARGV[12])))
redis.call('HSET', KEYS[4],
  'revision', whole(revision + 1), 'commits', commits, 'body', ARGV[5], 'standing', standing)
if #ARGV > 13 then redis.call('RPUSH', KEYS[5], unpack(ARGV, 14)) end
if keep_seen > 0 then redis.call('SET', KEYS[8], id, 'PX', ARGV[11]) end

for n, lane in ipairs(LANES) do
  local hold, alarm = holds[lane], ARGV[6 + n]
  -- Nothing outside can concern a finished document any more.
  if standing ~= 'open' then hold.woken = false end
  if not hold.kept then
    -- Nobody holds the lane, has failed in it or woke it: its alarm is all there is.
    if alarm ~= '' then set_due(lane, id, alarm) elseif hold.due then clear_due(lane, id) end
  elseif claimed ~= lane and held(hold) then
    hold.after = tonumber(alarm)
    write_hold(hold, id)
  else
    if claimed == lane then hold.attempts = 0 end
    let_go(hold, id, tonumber(alarm))
  end
end
return {'applied', whole(revision + 1)}
