-- For wrk: send complete requests in turn, and count the answers by their kind.
-- Arguments: files that each hold one request.

local threads, requests, turn = {}, {}, 0
answered, refused, failed = 0, 0, 0

function setup(thread)
  table.insert(threads, thread)
end

function init(args)
  for i = 1, #args do
    local file = assert(io.open(args[i], "rb"))
    requests[i] = file:read("*a")
    file:close()
  end
end

function request()
  turn = turn % #requests + 1
  return requests[turn]
end

function response(status)
  if status < 300 then answered = answered + 1
  elseif status < 500 then refused = refused + 1
  else failed = failed + 1 end
end

function done(summary)
  local thread, errors = threads[1], summary.errors
  print(string.format(
    '{"answered": %d, "refused": %d, "failed": %d}',
    thread:get("answered"), thread:get("refused"),
    thread:get("failed") + errors.connect + errors.read + errors.write + errors.timeout))
end
