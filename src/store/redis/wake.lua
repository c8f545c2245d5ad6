-- wake.lua
-- purpose  let an open document's lane look now, or right after the worker that holds it
-- KEYS     1 due:gate  2 due:card  3 holds  4 doc
-- ARGV     1 lane  2 id
-- returns  1, or 0: there is no such open document

local lane, id = ARGV[1], ARGV[2]
local standing = redis.pcall('HGET', KEYS[4], 'standing')
if type(standing) == 'table' then return corrupt('doc') end
if standing ~= 'open' then return 0 end
local text = redis.pcall('HGET', KEYS[3], lane .. ':' .. id)
if type(text) == 'table' then return corrupt('holds') end
local hold = hold_of(lane, text)
hold.woken = true
if held(hold) then
  write_hold(hold, id)
  return 1
end
local due = due_at(lane, id)
if type(due) == 'table' or not let_go(hold, id, tonumber(due)) then return corrupt('due:' .. lane) end
return 1
