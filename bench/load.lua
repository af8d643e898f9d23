-- What wrk sends: the same decision request for every series, the data subject changing with each.
--   wrk -s load.lua URL -- PATH API-KEY rotate|new none|each SEED
-- rotate: 1 000 subjects in turn; new: every request another subject. each: every request an Idempotency-Key of its own.
local SUBJECTS = 1000
local prepared, number, fresh, keyed, seed, path, headers = {}, 0, false, false, "", "", {}

local BODY = '{"actor":{"type":"agent","id":"support-bot","onBehalfOf":{"type":"user","id":"%s"}},'
  .. '"action":{"name":"database:read","properties":{"limit":50}},'
  .. '"resource":{"type":"table","id":"orders","properties":{"region":"eu"}},'
  .. '"context":{"intent":"answer a support question","dataClasses":["pii"],"riskScore":42,"environment":"production","attributes":{}}}'

local function request_for(subject)
  if keyed then headers["Idempotency-Key"] = seed .. "-" .. number end
  return wrk.format("POST", path, headers, string.format(BODY, subject))
end

function init(args)
  path, fresh, keyed, seed = args[1], args[3] == "new", args[4] == "each", args[5]
  headers["Authorization"] = "Bearer " .. args[2]
  headers["Content-Type"] = "application/json"
  if not fresh and not keyed then
    for i = 1, SUBJECTS do prepared[i] = request_for("u-" .. i) end
  end
end

function request()
  number = number + 1
  if fresh then return request_for("u-" .. seed .. "-" .. number) end
  if keyed then return request_for("u-" .. number % SUBJECTS) end
  return prepared[number % SUBJECTS + 1]
end

-- One line of JSON: microseconds at 500 even steps of the distribution, so that two runs can be joined.
function done(summary, latency)
  local steps = {}
  for i = 1, 500 do steps[i] = latency:percentile((i - 0.5) / 5) end
  local errors = summary.errors
  io.write(string.format('RESULT {"requests":%d,"us":%d,"cpuSeconds":%f,"errors":%d,"max":%d,"steps":[%s]}\n',
    summary.requests, summary.duration, os.clock(),
    errors.connect + errors.read + errors.write + errors.status + errors.timeout, latency.max, table.concat(steps, ",")))
end
