-- wake.lua
-- purpose  let an open document's lane look now, or right after the worker that holds it
-- KEYS     1 due:gate  2 due:card  3 holds  4 doc
-- ARGV     1 lane  2 id
-- returns  1, or 0: there is no such open document

local foreign_key = foreign_alarm_key() or foreign(redis.call('TYPE', KEYS[4]), 'hash') and 'doc'
if foreign_key then return corrupt(foreign_key) end

local lane, id = ARGV[1], ARGV[2]
if redis.call('HGET', KEYS[4], 'standing') ~= 'open' then return 0 end
local hold, wrong = read_hold(lane, id)
if wrong then return corrupt(wrong) end
hold.woken = true
if held(hold) then
  write_hold(hold, id)
else
  let_go(hold, id, due_at(lane, id))
end
return 1
