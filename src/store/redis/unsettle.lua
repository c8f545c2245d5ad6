-- unsettle.lua
-- purpose  let a document wait for the ledger again whose mark was lost
-- KEYS     1 unrecorded  zset: id -> since when, ms  2 events  list
-- ARGV     1 id  2 number of the last event that is recorded
-- returns  1, or 0: nothing is to be recorded, or it waits already

local function foreign(found, wanted) return found.ok ~= 'none' and found.ok ~= wanted end
if foreign(redis.call('TYPE', KEYS[1]), 'zset') then return redis.error_reply('CORRUPT unrecorded') end
if foreign(redis.call('TYPE', KEYS[2]), 'list') then return redis.error_reply('CORRUPT events') end

if redis.call('LLEN', KEYS[2]) <= tonumber(ARGV[2]) then return 0 end
local time = redis.call('TIME')
local now = string.format('%.0f', time[1] * 1000 + math.floor(time[2] / 1000))
return redis.call('ZADD', KEYS[1], 'NX', now, ARGV[1])
