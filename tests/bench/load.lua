-- SPDX-License-Identifier: ISC
-- What wrk sends: wrk -s load.lua URL -- FILE
--
-- Each line of FILE is a request: its method, target, token, type of body and
-- body, with tabs between them. They are sent in turn, and each thread begins
-- at another one.
--
-- It prints one line of JSON. `sent` has the requests of each hundredth of a
-- second by the system's monotonic clock, so that whoever has measured
-- something else between two moments can say how many requests there were.

local ffi = require("ffi")

ffi.cdef([[
struct bench_time { int64_t seconds, nanoseconds; };
int clock_gettime(int clock, struct bench_time *now);
]])

local MONOTONIC = 1
local now = ffi.new("struct bench_time")
local requests, count, turn = {}, 0, 0
local threads = {}

sent = {}

function setup(thread)
	table.insert(threads, thread)
	thread:set("number", #threads)
end

local function read(line)
	local method, target, token, kind, body =
	    line:match("^(%S+)\t(%S+)\t(%S*)\t(%S*)\t(.*)$")
	local headers = {}
	if token ~= "" then
		headers["Authorization"] = "Bearer " .. token
	end
	if kind ~= "" then
		headers["Content-Type"] = kind
	end
	return wrk.format(method, target, headers, body ~= "" and body or nil)
end

function init(args)
	for line in io.lines(args[1]) do
		count = count + 1
		requests[count] = read(line)
	end
	turn = math.floor(count / 2) * (number - 1)
end

function request()
	ffi.C.clock_gettime(MONOTONIC, now)
	local moment = tonumber(now.seconds) * 100 +
	    math.floor(tonumber(now.nanoseconds) / 1e7)
	sent[moment] = (sent[moment] or 0) + 1
	turn = turn % count + 1
	return requests[turn]
end

function done(summary, latency)
	local all, parts = {}, {}
	for _, thread in ipairs(threads) do
		for moment, number in pairs(thread:get("sent")) do
			all[moment] = (all[moment] or 0) + number
		end
	end
	for moment, number in pairs(all) do
		table.insert(parts, string.format('"%d":%d', moment, number))
	end
	local errors = summary.errors
	io.write(string.format('RESULT {"requests":%d,"p50_ms":%.3f,' ..
	    '"p99_ms":%.3f,"max_ms":%.3f,"refused":%d,"broken":%d,' ..
	    '"late":%d,"sent":{%s}}\n', summary.requests,
	    latency:percentile(50) / 1e3, latency:percentile(99) / 1e3,
	    latency.max / 1e3, errors.status,
	    errors.connect + errors.read + errors.write, errors.timeout,
	    table.concat(parts, ",")))
end
