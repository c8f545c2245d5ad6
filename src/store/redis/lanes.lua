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

local function whole(number) return string.format('%.0f', number) end
local function corrupt(what) return redis.error_reply('CORRUPT ' .. what) end
local function foreign(found, wanted) return found.ok ~= 'none' and found.ok ~= wanted end

-- What is wrong with the keys of all alarm scripts, or nil. Called before anything is written: a
-- script that fails half-way keeps what it has written.
local function foreign_alarm_key()
  if foreign(redis.call('TYPE', KEYS[1]), 'zset') then return 'due:gate' end
  if foreign(redis.call('TYPE', KEYS[2]), 'zset') then return 'due:card' end
  if foreign(redis.call('TYPE', KEYS[3]), 'hash') then return 'holds' end
end

local LANES = {'gate', 'card'}
local due = {
  gate = {
    at = function(id) return tonumber(redis.call('ZSCORE', KEYS[1], id)) end,
    set = function(id, at) redis.call('ZADD', KEYS[1], whole(at), id) end,
    clear = function(id) redis.call('ZREM', KEYS[1], id) end,
    first = function() return redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')[2] end,
    ripe = function(most)
      return redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now, 'WITHSCORES', 'LIMIT', 0, most)
    end,
  },
  card = {
    at = function(id) return tonumber(redis.call('ZSCORE', KEYS[2], id)) end,
    set = function(id, at) redis.call('ZADD', KEYS[2], whole(at), id) end,
    clear = function(id) redis.call('ZREM', KEYS[2], id) end,
    first = function() return redis.call('ZRANGE', KEYS[2], 0, 0, 'WITHSCORES')[2] end,
    ripe = function(most)
      return redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', now, 'WITHSCORES', 'LIMIT', 0, most)
    end,
  },
}

-- A hold that cannot be read counts as none: its worker is fenced, the alarm is still there.
local function read_hold(lane, id)
  local text = redis.call('HGET', KEYS[3], lane .. ':' .. id) or ''
  local token, till, attempts, after, woken =
    string.match(text, '^(%d+) (%d+) (%d+) (%d*) ([01])$')
  return {
    token = token or '0',
    till = tonumber(till) or 0,
    attempts = tonumber(attempts) or 0,
    after = tonumber(after),
    woken = woken == '1',
  }
end

local function write_hold(lane, id, hold)
  local field = lane .. ':' .. id
  if hold.token == '0' and hold.attempts == 0 and not hold.woken then
    redis.call('HDEL', KEYS[3], field)
  else
    local after = hold.after and whole(hold.after) or ''
    local text = table.concat({
      hold.token, whole(hold.till), whole(hold.attempts), after, hold.woken and '1' or '0',
    }, ' ')
    redis.call('HSET', KEYS[3], field, text)
  end
end

local function held(hold) return hold.token ~= '0' and hold.till > now end
local function held_by(hold, token) return held(hold) and hold.token == token end

-- Ends the lease, if any, and sets the alarm (nil: none), now at the latest if the lane was woken.
local function let_go(lane, id, hold, at)
  hold.token, hold.till, hold.after = '0', 0, nil
  if hold.woken then at = math.min(at or now, now) end
  if at then
    due[lane].set(id, at)
  else
    due[lane].clear(id)
    hold.attempts = 0
  end
  write_hold(lane, id, hold)
end
