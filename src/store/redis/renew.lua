-- renew.lua
-- purpose  lengthen a held lease, counted from now; never shorten it
-- KEYS     1 due:gate  2 due:card  3 holds
-- ARGV     1 lane  2 id  3 token  4 lease, ms
-- returns  1, or 0: the lease is lost

local lane, id = ARGV[1], ARGV[2]
local text = redis.pcall('HGET', KEYS[3], lane .. ':' .. id)
if type(text) == 'table' then return corrupt('holds') end
local hold = hold_of(lane, text)
if not held_by(hold, ARGV[3]) then return 0 end
hold.till = math.max(hold.till, now + tonumber(ARGV[4]))
if not set_due(lane, id, whole(hold.till)) then return corrupt('due:' .. lane) end
write_hold(hold, id)
return 1
