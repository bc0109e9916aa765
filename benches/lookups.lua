-- For wrk: requests one certificate after the other. Arguments: the path before the fingerprint,
-- and a file with one fingerprint a line.
local paths = {}
local at = 0

function init(arguments)
  for fingerprint in io.lines(arguments[2]) do
    paths[#paths + 1] = arguments[1] .. fingerprint
  end
  at = math.random(#paths)
end

function request()
  at = at % #paths + 1
  return wrk.format("GET", paths[at])
end
