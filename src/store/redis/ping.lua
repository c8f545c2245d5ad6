-- ping.lua
-- purpose  be refused where a commit would be refused: read-only, full, without replicas, loading
-- KEYS     1 any key of the shard, so that the call goes to the shard's server
-- ARGV     none
-- returns  1

return 1
