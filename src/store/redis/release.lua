-- release.lua
-- purpose  give a claim back without a commit; drop the alarm of a document that is not there
-- KEYS     1 due:gate  2 due:card  3 holds  4 doc
-- ARGV     1 lane  2 id  3 token  4 when to look again, ms
-- returns  1, or 0: the lease is lost

local foreign_key = foreign_alarm_key()
if foreign_key then return corrupt(foreign_key) end

local lane, id = ARGV[1], ARGV[2]
local hold, wrong = read_hold(lane, id)
if wrong then return corrupt(wrong) end
if not held_by(hold, ARGV[3]) then return 0 end
if redis.call('EXISTS', KEYS[4]) == 1 then
  local again = tonumber(ARGV[4])
  let_go(hold, id, math.min(hold.after or again, again))
else
  hold.woken = false
  let_go(hold, id, nil)
end
return 1
