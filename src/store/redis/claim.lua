-- claim.lua
-- purpose  hand out due alarms of both lanes, each with a lease and a new token
-- KEYS     1 due:gate  2 due:card  3 holds
-- ARGV     1 most of gate  2 most of card  3 lease, ms
-- returns  {now ms, next due ms or -1, {lane, id, token, attempt, due ms}...}

local wrong = foreign_alarm_key()
if wrong then return corrupt(wrong) end

local most = {gate = tonumber(ARGV[1]), card = tonumber(ARGV[2])}
local till = now + tonumber(ARGV[3])
local last = tonumber(redis.call('HGET', KEYS[3], 'token')) or 0
-- At least the clock: a token from before a restored backup or an emptied server never comes back.
local token = math.max(last, micros - 1)
local answer = {now, -1}
local next_due

for _, lane in ipairs(LANES) do
  if most[lane] > 0 then
    local ripe = due[lane].ripe(most[lane])
    for i = 1, #ripe, 2 do
      local id, at = ripe[i], tonumber(ripe[i + 1])
      local hold = read_hold(lane, id)
      if held(hold) then
        -- The alarm was tampered with: the lease still counts.
        due[lane].set(id, hold.till)
      else
        token = token + 1
        hold = {token = whole(token), till = till, attempts = hold.attempts + 1, woken = false}
        write_hold(lane, id, hold)
        due[lane].set(id, till)
        answer[#answer + 1] = {lane, id, token, hold.attempts, at}
      end
    end
    local first = tonumber(due[lane].first())
    if first then next_due = math.min(next_due or first, first) end
  end
end

if #answer > 2 then redis.call('HSET', KEYS[3], 'token', whole(token)) end
answer[2] = next_due or -1
return answer
