-- Asks as EMQX does, about one device after another. Arguments: the path, and the body with %ID
-- for the device.
local requests = {}
local at = 0

function init(args)
  local headers = {
    ["content-type"] = "application/json",
    ["authorization"] = "Bearer broker-secret-0123456789",
  }
  for i = 1, 20000 do
    local id = string.format("STATION-%06d", (i * 49999) % 100000)
    requests[i] = wrk.format("POST", args[1], headers, (args[2]:gsub("%%ID", id)))
  end
end

function request()
  at = at % #requests + 1
  return requests[at]
end
