-- lanes.lua, put before every script that touches alarms; not a script by itself
-- purpose  the rules of alarms and leases, the same as in src/store/lane.rs
-- KEYS     1 due:gate  zset: request id -> when its lane can be claimed, ms since 1970
--          2 due:card  the same for the other lane
--          3 holds     hash: "<lane>:<id>" -> "<token> <held until> <attempts> <after> <woken>",
--                      and "token" -> the last token given
-- ARGV     none
-- returns  nothing
-- Every key stands as a literal KEYS[n] in its call: proxies that check scripts refuse anything else.

local time = redis.call('TIME')
local micros = time[1] * 1000000 + time[2]
local now = math.floor(micros / 1000)

-- For texts. A number that is an argument itself is written whole by Redis, up to 17 digits.
local function whole(number) return string.format('%.0f', number) end
local function corrupt(what) return redis.error_reply('CORRUPT ' .. what) end
local function foreign(found, wanted) return found.ok ~= 'none' and found.ok ~= wanted end

-- What is wrong with the alarms' keys, or nil. Called before anything is written: a script that fails
-- half-way keeps what it has written. The holds tell by themselves, at their first reading.
local function foreign_alarm_key()
  if foreign(redis.call('TYPE', KEYS[1]), 'zset') then return 'due:gate' end
  if foreign(redis.call('TYPE', KEYS[2]), 'zset') then return 'due:card' end
end

local LANES = {'gate', 'card'}

local function due_at(lane, id)
  if lane == 'gate' then return tonumber(redis.call('ZSCORE', KEYS[1], id)) end
  return tonumber(redis.call('ZSCORE', KEYS[2], id))
end

local function set_due(lane, id, at)
  if lane == 'gate' then redis.call('ZADD', KEYS[1], at, id) else redis.call('ZADD', KEYS[2], at, id) end
end

local function clear_due(lane, id)
  if lane == 'gate' then redis.call('ZREM', KEYS[1], id) else redis.call('ZREM', KEYS[2], id) end
end

-- A hold that cannot be read counts as none: its worker is fenced, the alarm is still there.
local function hold_of(lane, text)
  if not text then return {lane = lane, token = '0', till = 0, attempts = 0, woken = false} end
  local token, till, attempts, after, woken =
    string.match(text, '^(%d+) (%d+) (%d+) (%d*) ([01])$')
  return {
    lane = lane,
    kept = true,
    token = token or '0',
    till = tonumber(till) or 0,
    attempts = tonumber(attempts) or 0,
    after = tonumber(after),
    woken = woken == '1',
  }
end

-- One hold; nil and what is wrong.
local function read_hold(lane, id)
  local text = redis.pcall('HGET', KEYS[3], lane .. ':' .. id)
  if type(text) == 'table' then return nil, 'holds' end
  return hold_of(lane, text)
end

local function text_of(hold)
  return table.concat({
    hold.token, whole(hold.till), whole(hold.attempts), hold.after and whole(hold.after) or '',
    hold.woken and '1' or '0',
  }, ' ')
end

local function write_hold(hold, id)
  local field = hold.lane .. ':' .. id
  if hold.token ~= '0' or hold.attempts > 0 or hold.woken then
    redis.call('HSET', KEYS[3], field, text_of(hold))
  elseif hold.kept then
    redis.call('HDEL', KEYS[3], field)
  end
end

local function held(hold) return hold.token ~= '0' and hold.till > now end
local function held_by(hold, token) return held(hold) and hold.token == token end

-- Ends the lease, if any, and sets the alarm (nil: none), now at the latest if the lane was woken.
local function let_go(hold, id, at)
  hold.token, hold.till, hold.after = '0', 0, nil
  if hold.woken then at = math.min(at or now, now) end
  if at then
    set_due(hold.lane, id, at)
  else
    clear_due(hold.lane, id)
    hold.attempts = 0
  end
  write_hold(hold, id)
end
