-- settle.lua
-- purpose  end the waiting of a document for the ledger unless it has later events
-- KEYS     1 unrecorded  zset: id -> since when, ms  2 events  list
-- ARGV     1 id  2 number of the last event that is recorded
-- returns  1, or 0: there are later events

local function foreign(found, wanted) return found.ok ~= 'none' and found.ok ~= wanted end
if foreign(redis.call('TYPE', KEYS[1]), 'zset') then return redis.error_reply('CORRUPT unrecorded') end
if foreign(redis.call('TYPE', KEYS[2]), 'list') then return redis.error_reply('CORRUPT events') end

if redis.call('LLEN', KEYS[2]) > tonumber(ARGV[2]) then return 0 end
redis.call('ZREM', KEYS[1], ARGV[1])
return 1
