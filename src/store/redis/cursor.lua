-- cursor.lua
-- purpose  keep how far a sink has got, never less than before
-- KEYS     1 cursors  hash: sink -> number of the last record it has
-- ARGV     1 sink  2 number
-- returns  the number that is kept

local found = redis.call('TYPE', KEYS[1]).ok
if found ~= 'none' and found ~= 'hash' then return redis.error_reply('CORRUPT cursors') end

local kept = redis.call('HGET', KEYS[1], ARGV[1]) or '0'
local seq = tonumber(kept)
if not seq then return redis.error_reply('CORRUPT cursors') end
if tonumber(ARGV[2]) <= seq then return kept end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
return ARGV[2]
