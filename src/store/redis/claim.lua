-- claim.lua
-- purpose  hand out due alarms of both lanes, each with a lease and a new token
-- KEYS     1 due:gate  2 due:card  3 holds
-- ARGV     1 most of gate  2 most of card  3 lease, ms
-- returns  {now ms, next due ms or -1, {lane, id, token, attempt, due ms}...}

local most = {gate = tonumber(ARGV[1]), card = tonumber(ARGV[2])}
local till = now + tonumber(ARGV[3])
-- Written once: it is the same for every alarm handed out here.
local till_text = whole(till)

-- Ids and times, earliest first: what is due, and behind it what tells when to look again.
local function earliest(lane, count)
  if lane == 'gate' then
    return redis.pcall('ZRANGE', KEYS[1], '-inf', '+inf', 'BYSCORE', 'LIMIT', 0, count, 'WITHSCORES')
  end
  return redis.pcall('ZRANGE', KEYS[2], '-inf', '+inf', 'BYSCORE', 'LIMIT', 0, count, 'WITHSCORES')
end

-- Everything is read before anything is written, and for all ids of a lane at once.
local rounds, ripe, next_due = {}, 0
local function sooner(at) next_due = math.min(next_due or at, at) end
for _, lane in ipairs(LANES) do
  if most[lane] > 0 then
    local found = earliest(lane, most[lane] + 1)
    if found.err then return corrupt('due:' .. lane) end
    local round = {lane = lane, ids = {}, dues = {}, fields = {}}
    for i = 1, #found, 2 do
      local at, n = tonumber(found[i + 1]), #round.ids + 1
      if at > now or n > most[lane] then
        sooner(at)
        break
      end
      round.ids[n], round.dues[n], round.fields[n] = found[i], at, lane .. ':' .. found[i]
    end
    if #round.ids > 0 then
      ripe = ripe + #round.ids
      round.texts = redis.pcall('HMGET', KEYS[3], unpack(round.fields))
      if round.texts.err then return corrupt('holds') end
      rounds[#rounds + 1] = round
    end
  end
end
if ripe == 0 then return {now, next_due or -1} end

-- At least the clock: a token from before a restored backup or an emptied server never comes back.
local token = math.max(tonumber(redis.call('HGET', KEYS[3], 'token')) or 0, micros - 1)
local answer = {now, -1}
for _, round in ipairs(rounds) do
  local marks, times = {}, {}
  for n, id in ipairs(round.ids) do
    local hold, at = hold_of(round.lane, round.texts[n]), till_text
    if held(hold) then
      -- The alarm was tampered with: the lease still counts.
      at = whole(hold.till)
      sooner(hold.till)
    else
      token = token + 1
      hold.attempts = hold.attempts + 1
      sooner(till)
      marks[#marks + 1] = round.fields[n]
      marks[#marks + 1] = text_of(whole(token), till_text, hold.attempts, nil, false)
      answer[#answer + 1] = {round.lane, id, token, hold.attempts, round.dues[n]}
    end
    times[2 * n - 1], times[2 * n] = at, id
  end
  if #marks > 0 then redis.call('HSET', KEYS[3], 'token', whole(token), unpack(marks)) end
  if round.lane == 'gate' then
    redis.call('ZADD', KEYS[1], unpack(times))
  else
    redis.call('ZADD', KEYS[2], unpack(times))
  end
end
answer[2] = next_due
return answer
