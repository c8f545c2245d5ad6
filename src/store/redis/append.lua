-- append.lua
-- purpose  one atomic step of the chain: its next records, its head, how far documents are recorded
-- KEYS     1 records   stream: record n has the id "n-0" and the field "record"
--          2 head      hash: seq, hash, trimmed-seq, trimmed-hash
--          3 recorded  hash: request id -> number of its last event in the chain
-- ARGV     1 number of the record to build on, 0 begins the chain  2 its hash  3 number of the new
--          head  4 its hash  5 how many documents  6... id, from, to of each; then the records
-- returns  1, or 0: the chain or a document has moved on

local function foreign(found, wanted) return found.ok ~= 'none' and found.ok ~= wanted end
local function corrupt(what) return redis.error_reply('CORRUPT ' .. what) end
local wrong = foreign(redis.call('TYPE', KEYS[1]), 'stream') and 'records'
  or foreign(redis.call('TYPE', KEYS[2]), 'hash') and 'head'
  or foreign(redis.call('TYPE', KEYS[3]), 'hash') and 'recorded'
if wrong then return corrupt(wrong) end

local after, documents = ARGV[1], tonumber(ARGV[5])
local head = redis.call('HMGET', KEYS[2], 'seq', 'hash')
if head[1] and not head[2] or head[2] and not head[1] then return corrupt('head') end
if (head[1] or '0') ~= after or head[1] and head[2] ~= ARGV[2] then return 0 end
for n = 6, 5 + 3 * documents, 3 do
  if (redis.call('HGET', KEYS[3], ARGV[n]) or '0') ~= ARGV[n + 1] then return 0 end
end
local last = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)[1]
if last and last[1] ~= after .. '-0' then return corrupt('records') end

-- The first record is refused, before anything is written, where the stream has seen later ones.
-- Nothing below it can fail.
local first = 6 + 3 * documents
local seq = tonumber(after)
for n = first, #ARGV do
  local id = string.format('%.0f-0', seq + 1 + n - first)
  local added = redis.pcall('XADD', KEYS[1], id, 'record', ARGV[n])
  if added.err then return corrupt('records') end
end
redis.call('HSET', KEYS[2], 'seq', ARGV[3], 'hash', ARGV[4])
for n = 6, 5 + 3 * documents, 3 do
  redis.call('HSET', KEYS[3], ARGV[n], ARGV[n + 2])
end
return 1
