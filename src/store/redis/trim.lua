-- trim.lua
-- purpose  drop the oldest records of the chain and remember the last one dropped
-- KEYS     1 records  stream  2 head  hash: seq, hash, trimmed-seq, trimmed-hash
-- ARGV     1 number of the last record to drop  2 its hash  3 number of the first one to keep
-- returns  1, or 0: they are gone already, or the chain has no such record

local function foreign(found, wanted) return found.ok ~= 'none' and found.ok ~= wanted end
if foreign(redis.call('TYPE', KEYS[1]), 'stream') then return redis.error_reply('CORRUPT records') end
if foreign(redis.call('TYPE', KEYS[2]), 'hash') then return redis.error_reply('CORRUPT head') end

local upto = tonumber(ARGV[1])
local head = redis.call('HMGET', KEYS[2], 'seq', 'hash', 'trimmed-seq')
local seq, gone = tonumber(head[1] or '0'), tonumber(head[3] or '0')
if not seq or not gone then return redis.error_reply('CORRUPT head') end
if upto <= gone or upto > seq then return 0 end
if upto == seq and head[2] ~= ARGV[2] then return 0 end
redis.call('XTRIM', KEYS[1], 'MINID', ARGV[3] .. '-0')
redis.call('HSET', KEYS[2], 'trimmed-seq', ARGV[1], 'trimmed-hash', ARGV[2])
return 1
