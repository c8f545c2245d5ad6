-- restore.lua
-- purpose  set the alarms that an open document should have and does not
-- KEYS     1 due:gate  2 due:card  3 holds  4 doc
-- ARGV     1 id  2 alarm of gate, ms or ""  3 alarm of card
-- returns  how many were set

local id = ARGV[1]
local standing = redis.pcall('HGET', KEYS[4], 'standing')
if type(standing) == 'table' then return corrupt('doc') end
if standing ~= 'open' then return 0 end
local alarms = {gate = tonumber(ARGV[2]), card = tonumber(ARGV[3])}
local texts = redis.pcall('HMGET', KEYS[3], 'gate:' .. id, 'card:' .. id)
if texts.err then return corrupt('holds') end
local dues = {gate = due_at('gate', id), card = due_at('card', id)}
for _, lane in ipairs(LANES) do
  if type(dues[lane]) == 'table' then return corrupt('due:' .. lane) end
end
local set = 0
for n, lane in ipairs(LANES) do
  if alarms[lane] and not dues[lane] then
    local hold = hold_of(lane, texts[n])
    if held(hold) then
      set_due(lane, id, whole(hold.till))
    else
      let_go(hold, id, alarms[lane])
    end
    set = set + 1
  end
end
return set
