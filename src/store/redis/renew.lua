-- renew.lua
-- purpose  lengthen a held lease, counted from now; never shorten it
-- KEYS     1 due:gate  2 due:card  3 holds
-- ARGV     1 lane  2 id  3 token  4 lease, ms
-- returns  1, or 0: the lease is lost

local foreign_key = foreign_alarm_key()
if foreign_key then return corrupt(foreign_key) end

local lane, id = ARGV[1], ARGV[2]
local hold, wrong = read_hold(lane, id)
if wrong then return corrupt(wrong) end
if not held_by(hold, ARGV[3]) then return 0 end
hold.till = math.max(hold.till, now + tonumber(ARGV[4]))
write_hold(hold, id)
set_due(lane, id, hold.till)
return 1
