-- lanes.lua, put before every script that touches alarms; not a script by itself
-- purpose  the rules of alarms and leases, the same as in src/store/lane.rs
-- KEYS     1 due:gate  zset: request id -> when its lane can be claimed, ms since 1970
--          2 due:card  the same for the other lane
--          3 holds     hash: "<lane>:<id>" -> "<token> <held until> <attempts> <after> <woken>",
--                      and "token" -> the last token given
-- ARGV     none
-- returns  nothing
-- Every key stands as a literal KEYS[n] in its call: proxies that check scripts refuse anything else. Only where one
-- call does a script several times is an offset added (scripts.rs).

local time = redis.call('TIME')
local micros = time[1] * 1000000 + time[2]
local now = math.floor(micros / 1000)

-- A number that is an argument itself is written whole by Redis, up to 17 digits, but slower than this.
local function whole(number) return string.format('%.0f', number) end
local function corrupt(what) return redis.error_reply('CORRUPT ' .. what) end
local LANES = {'gate', 'card'}

-- When the lane is due, as a text; false: never. A table: the key is of a foreign type.
local function due_at(lane, id)
  if lane == 'gate' then return redis.pcall('ZSCORE', KEYS[1], id) end
  return redis.pcall('ZSCORE', KEYS[2], id)
end

-- Both answer false where the key is of a foreign type. Then nothing is written, so they come before everything
-- else, or after their key was read: a script that fails half-way keeps what it has written.
local function set_due(lane, id, at)
  local set
  if lane == 'gate' then
    set = redis.pcall('ZADD', KEYS[1], at, id)
  else
    set = redis.pcall('ZADD', KEYS[2], at, id)
  end
  return type(set) ~= 'table'
end

local function clear_due(lane, id)
  local cleared
  if lane == 'gate' then
    cleared = redis.pcall('ZREM', KEYS[1], id)
  else
    cleared = redis.pcall('ZREM', KEYS[2], id)
  end
  return type(cleared) ~= 'table'
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

-- Token and end are texts already, the others are not.
local function text_of(token, till, attempts, after, woken)
  return table.concat({token, till, whole(attempts), after and whole(after) or '', woken and '1' or '0'}, ' ')
end

local function write_hold(hold, id)
  local field = hold.lane .. ':' .. id
  if hold.token ~= '0' or hold.attempts > 0 or hold.woken then
    local text = text_of(hold.token, whole(hold.till), hold.attempts, hold.after, hold.woken)
    redis.call('HSET', KEYS[3], field, text)
  elseif hold.kept then
    redis.call('HDEL', KEYS[3], field)
  end
end

local function held(hold) return hold.token ~= '0' and hold.till > now end
local function held_by(hold, token) return held(hold) and hold.token == token end

-- Ends the lease, if any, and sets the alarm (nil: none), now at the latest if the lane was woken. False, and nothing
-- is written, where the key of the alarms is of a foreign type.
local function let_go(hold, id, at)
  hold.token, hold.till, hold.after = '0', 0, nil
  if hold.woken then at = math.min(at or now, now) end
  local done
  if at then
    done = set_due(hold.lane, id, whole(at))
  else
    done = clear_due(hold.lane, id)
    hold.attempts = 0
  end
  if done then write_hold(hold, id) end
  return done
end
