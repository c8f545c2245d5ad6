-- restore.lua
-- purpose  set the alarms that an open document should have and does not
-- KEYS     1 due:gate  2 due:card  3 holds  4 doc
-- ARGV     1 id  2 alarm of gate, ms or ""  3 alarm of card
-- returns  how many were set

local wrong = foreign_alarm_key() or foreign(redis.call('TYPE', KEYS[4]), 'hash') and 'doc'
if wrong then return corrupt(wrong) end

local id = ARGV[1]
if redis.call('HGET', KEYS[4], 'standing') ~= 'open' then return 0 end
local alarms = {gate = tonumber(ARGV[2]), card = tonumber(ARGV[3])}
local texts = redis.pcall('HMGET', KEYS[3], 'gate:' .. id, 'card:' .. id)
if texts.err then return corrupt('holds') end
local set = 0
for n, lane in ipairs(LANES) do
  if alarms[lane] and not due_at(lane, id) then
    local hold = hold_of(lane, texts[n])
    if held(hold) then
      set_due(lane, id, hold.till)
    else
      let_go(hold, id, alarms[lane])
    end
    set = set + 1
  end
end
return set
