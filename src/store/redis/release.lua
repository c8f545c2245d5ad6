-- release.lua
-- purpose  give a claim back without a commit; drop the alarm of a document that is not there
-- KEYS     1 due:gate  2 due:card  3 holds  4 doc
-- ARGV     1 lane  2 id  3 token  4 when to look again, ms
-- returns  1, or 0: the lease is lost

local lane, id = ARGV[1], ARGV[2]
local text = redis.pcall('HGET', KEYS[3], lane .. ':' .. id)
if type(text) == 'table' then return corrupt('holds') end
local hold = hold_of(lane, text)
if not held_by(hold, ARGV[3]) then return 0 end
local at
if redis.call('EXISTS', KEYS[4]) == 1 then
  local again = tonumber(ARGV[4])
  at = math.min(hold.after or again, again)
else
  hold.woken = false
end
if not let_go(hold, id, at) then return corrupt('due:' .. lane) end
return 1
