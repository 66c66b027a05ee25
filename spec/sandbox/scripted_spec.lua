-- The scripted server of the other specs, tested by curl.
local child = require "support.child"
local certificate = require "support.certificate"
local scripted = require "support.scripted"
local support = require "support"

-- curl's output, and its exit code.
local function curl(...)
  local words = table.concat({...}, " ")
  local text = support.output("curl -sS --max-time 60 " .. words
    .. " 2>/dev/null; code=$?; echo; echo $code")
  local output, code = text:match("^(.*)\n(%d+)$")
  return output, tonumber(code)
end

local function closed(server)
  local connections = server:connections()
  return connections.opened > 0 and connections.open == 0
    and connections.list
end

describe("scripted", function()
  after_each(support.clean)

  it("runs one list of steps for each connection, then the default", function()
    local server = support.serve {
      connections = {
        {{"request"}, {"send", scripted.answer(200, {}, "first")}},
        {{"request"}, {"send", scripted.answer(503, {}, "second")}},
      },
      default = {{"request"}, {"send", scripted.answer(404, nil, "other")}},
    }
    local show = "-w ' %{http_code}'"
    assert.same({"first 200", 0}, {curl(show, server.url)})
    assert.same({"second 503", 0}, {curl(show, server.url)})
    assert.same({"other 404", 0}, {curl(show, server.url)})
    assert.same({"other 404", 0}, {curl(show, server.url)})
    assert.equal(4, server:connections().opened)
  end)

  it("gives each request its turn, whatever connection it comes by", function()
    local server = support.serve { turns = {
      {{"send", scripted.answer(200, {}, "one ")}},
      {{"send", scripted.answer(200, {}, "two ")}, {"close"}},
      {{"send", scripted.answer(200, {}, "last ")}},
    } }
    local u = server.url
    assert.same({"one two last ", 0}, {curl(u, u, u)})
    assert.same({"last last ", 0}, {curl(u, u)})
    assert.equal(3, server:connections().opened)
  end)

  it("reports what it was asked", function()
    local server = support.serve {
      default = {{"request"}, {"send", scripted.answer(200, {}, "")}},
    }
    curl("-H 'X-One: a' -H 'x-one: b' -d 'name=\"é\"'", server.url .. "/p?q=1")
    local requests = server:requests()
    assert.equal(1, #requests)
    local request = requests[1]
    assert.same({"POST", "/p?q=1", "1.1", 'name="é"', 9, true, 1}, {
      request.method, request.path, request.version, request.body,
      request.body_length, request.complete, request.connection,
    })
    assert.equal("a, b", request.headers["x-one"])
    assert.equal("9", request.headers["content-length"])
    assert.truthy(request.at >= request.head_at)
  end)

  it("reads chunked bodies and any byte", function()
    local server = support.serve {
      default = {{"request"}, {"send", scripted.answer(200, {}, "")}},
    }
    local bytes = {}
    for i = 0, 255 do
      bytes[#bytes + 1] = string.char(i)
    end
    local body = table.concat(bytes):rep(100)
    local file = support.write(support.tempdir() .. "/body", body)
    curl("-H 'Expect:' -H 'Transfer-Encoding: chunked' --data-binary @" .. file,
      server.url)
    local request = server:requests()[1]
    assert.equal("chunked", request.headers["transfer-encoding"])
    assert.truthy(request.body == body)
  end)

  it("keeps the first MiB of a body and counts all", function()
    local server = support.serve {
      default = {{"request"}, {"send", scripted.answer(200, {}, "")}},
    }
    local file = support.write(support.tempdir() .. "/b", ("x"):rep(3000000))
    curl("-H 'Expect:' -T " .. file, server.url)
    local request = server:requests()[1]
    assert.same({1048576, 3000000}, {#request.body, request.body_length})
  end)

  it("answers by path and keeps the connection", function()
    local server = support.serve {
      routes = {
        ["/a"] = {{"send", scripted.answer(200, {}, "A")}},
        ["/b?x=1"] = {{"send", scripted.answer(200, {}, "B1")}},
        ["/end"] = {{"send", scripted.answer(200, {}, "E")}, {"close"}},
      },
    }
    local u = server.url
    local output = curl(u .. "/a", u .. "/a?y=2", u .. "/b?x=1", u .. "/b",
      u .. "/end", u .. "/a")
    assert.equal("AAB1EA", output)
    local requests = server:requests()
    assert.equal(6, #requests)
    assert.same({1, 1, 1, 1, 1, 2}, {
      requests[1].connection, requests[2].connection, requests[3].connection,
      requests[4].connection, requests[5].connection, requests[6].connection,
    })
    local list = server:wait_for(closed)
    assert.same({"close", "client"}, {list[1].why, list[2].why})
  end)

  it("builds chunked answers", function()
    local body = scripted.chunked {"one ", "two ", ("x"):rep(20)}
    assert.equal("4\r\none \r\n4\r\ntwo \r\n14\r\n" .. ("x"):rep(20)
      .. "\r\n0\r\n\r\n", body)
    local server = support.serve {
      default = {
        {"request"},
        {"send", scripted.answer(200, {["Transfer-Encoding"] = "chunked"}, body)},
      },
    }
    assert.equal("one two " .. ("x"):rep(20), curl(server.url))
  end)

  it("splits where requested", function()
    local answer = scripted.answer(200, {{"B", "2"}, {"A", "1"}}, "0123456789")
    assert.equal("HTTP/1.1 200 OK\r\nB: 2\r\nA: 1\r\nContent-Length: 10"
      .. "\r\n\r\n0123456789", answer)
    local server = support.serve {
      routes = {
        ["/each"] = {{"split", answer, "each"}},
        ["/list"] = {{"split", answer, {1, 5, #answer - 3}, 0.05}},
      },
    }
    assert.equal("0123456789", curl(server.url .. "/each"))
    local took, output = support.timed(curl, server.url .. "/list")
    assert.equal("0123456789", output)
    assert.truthy(took >= 0.14, took)
  end)

  it("sends each piece as a packet of its own", function()
    local server = support.serve {
      default = {{"request"}, {"split", "HTTP/1.0 200 OK\r\n\r\nab", {18, 20},
        0.03}},
    }
    local trace = support.output(
      "curl -s --trace-ascii - -o /dev/null " .. server.url)
    local _, pieces = trace:gsub("<= Recv data, [1-9]", "")
    assert.equal(2, pieces)
  end)

  it("resets, closes early and closes one way", function()
    local head = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n"
    local server = support.serve {
      connections = {
        {{"request"}, {"reset"}},
        {{"request"}, {"send", head .. "12345"}, {"close"}},
        {{"request"}, {"send", "HTTP/1.1 200 OK\r\n\r\nall"}, {"half_close"},
          {"wait_close", 5}},
        {{"close"}},
      },
    }
    local _, code = curl(server.url)
    assert.equal(56, code) -- failure receiving: connection reset by peer
    assert.same({"12345", 18}, {curl(server.url)})
    assert.same({"all", 0}, {curl(server.url)})
    _, code = curl(server.url)
    assert.truthy(code == 52 or code == 56)
    local list = server:wait_for(closed)
    assert.same({"reset", "close", "client", "close"},
      {list[1].why, list[2].why, list[3].why, list[4].why})
    assert.equal(#head + 5, list[2].sent)
  end)

  it("notices when the client has gone, and when", function()
    local server = support.serve {
      default = {
        {"request"},
        {"send", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n1"},
        {"wait_close", 120},
      },
    }
    local _, code = curl("--max-time 2", server.url)
    assert.equal(28, code)
    server:wait_for(closed)
    local waited = server:events("wait_close")[1]
    assert.is_true(waited.closed)
    assert.truthy(waited.took < support.SOON, waited.took)
    assert.equal(39, waited.sent)
  end)

  it("stops waiting for a client that stays", function()
    local server = support.serve {
      default = {{"request"}, {"wait_close", 0.1},
        {"send", scripted.answer(200, {}, "late")}},
    }
    assert.equal("late", curl(server.url))
    assert.is_false(server:events("wait_close")[1].closed)
  end)

  it("stops the upload where requested", function()
    local server = support.serve {
      default = {{"head"}, {"read", 100000}, {"reset"}},
    }
    local file = support.write(support.tempdir() .. "/b", ("x"):rep(9000000))
    local _, code = curl("-H 'Expect:' -T " .. file, server.url)
    assert.truthy(code == 55 or code == 56)
    assert.is_false(server:requests()[1].complete)
  end)

  it("detects a reader that stalls", function()
    local server = support.serve {
      default = {
        {"request"},
        {"send", "HTTP/1.1 200 OK\r\n\r\n"},
        {"fill", ("x"):rep(1000), 20000},
      },
    }
    local body, code = curl("--limit-rate 100k --max-time 5", server.url)
    assert.equal(28, code)
    assert.truthy(#body < 20000000)
    assert.truthy(server:wait_for(function()
      return server:events("stalled")[1]
    end))
    local list = server:wait_for(closed)
    assert.truthy(list[1].sent < 20000019)
  end)

  it("fills fast and exactly", function()
    local server = support.serve {
      default = {{"request"}, {"send", "HTTP/1.1 200 OK\r\n\r\n"},
        {"fill", "abc", 100001}, {"repeat", 2, {{"send", "-"}}}},
    }
    local body = curl(server.url)
    assert.truthy(body == ("abc"):rep(100001) .. "--")
  end)

  it("serves many at once", function()
    local server = support.serve {
      default = {{"request"}, {"sleep", 0.3},
        {"send", scripted.answer(200, {}, "x")}},
    }
    local urls = (server.url .. " "):rep(20)
    assert.is_true(support.is_ever_below(2, function()
      local took, output = support.timed(curl, "-Z --parallel-immediate", urls)
      assert.equal(("x"):rep(20), output)
      return took
    end))
  end)

  it("has several doors, each with its own plan and story", function()
    local function door(text)
      return {default = {{"request"}, {"send", scripted.answer(200, {}, text)}}}
    end
    local server = support.serve {doors = {door "one", door "two", {
      connections = {{{"request"}, {"reset"}}},
      routes = {["/x"] = {{"send", scripted.answer(200, {}, "three")}}},
    }}}
    local doors = server.doors
    assert.equal("two", curl(doors[2].url))
    assert.equal("two", curl(doors[2].url))
    assert.equal("one", curl(server.url))
    assert.equal(56, select(2, curl(doors[3].url .. "/x")))
    assert.equal("three", curl(doors[3].url .. "/x"))
    assert.same({1, 2, 2}, {#doors[1]:requests(), #doors[2]:requests(),
      #doors[3]:requests()})
    local list = doors[3]:wait_for(closed)
    assert.same({"reset", "client"}, {list[1].why, list[2].why})
    assert.equal(2, doors[2]:connections().opened)
  end)

  it("sends the part of a file that is asked for", function()
    local server = support.serve {default = {
      {"repeat", 9, {{"request"}, {"file", "0123456789", '"a"'}}}}}
    local show = "-w ' %{http_code}'"
    assert.same({"0123456789 200", 0}, {curl(show, server.url)})
    assert.same({"456789 206", 0}, {curl(show, "-r 4- -H 'If-Range: \"a\"'",
      server.url)})
    assert.same({"0123456789 200", 0}, {curl(show,
      "-r 4- -H 'If-Range: \"b\"'", server.url)})
  end)

  it("speaks TLS, and ends it with and without saying so", function()
    local ca = certificate.authority(support.tempdir())
    local good = certificate.server(ca)
    local old = certificate.server(ca, {name = "old", expired = true})
    local big = ("x"):rep(100000)
    local server = support.serve {connections = {
      {{"tls", old.cert, old.key}, {"request"}},
      {{"tls", good.cert, good.key}, {"request"},
        {"send", "HTTP/1.1 200 OK\r\n\r\n" .. big}},
      {{"tls", good.cert, good.key}, {"request"},
        {"send", "HTTP/1.1 200 OK\r\n\r\nhalf"}, {"cut"}},
      {{"tls", good.cert, good.key}, {"request"},
        {"send", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n1"},
        {"wait_close", 5}},
    }, default = {{"tls", good.cert, good.key}, {"request"}, {"reset"}}}
    local url = server.url:gsub("^http", "https")
    local function secure(...) return curl("--cacert", ca.cert, ..., url) end
    assert.equal(60, select(2, secure("")))
    local body, code = secure("")
    assert.same({true, 0}, {body == big, code})
    assert.same("half", (secure("")))
    assert.same({"1", 28}, {secure("--max-time 3")})
    assert.equal(56, select(2, secure("")))
    local list = server:wait_for(closed)
    assert.same({"tls", "end of steps", "cut", "client", "reset"}, {
      list[1].why, list[2].why, list[3].why, list[4].why, list[5].why})
    assert.equal(4, #server:requests())
    assert.same({}, server:events("error"))
  end)

  it("refuses a plan with a slip in it", function()
    assert.has_error(function()
      scripted.start {default = {{"request"}, {"sned", "x"}}}
    end, "default, step 2: sned is no step")
    assert.has_error(function()
      scripted.start {routes = {["/x"] = {{"repeat", 2, {{"send"}}}}}}
    end, "/x, step 1, step 1: send lacks an argument")
  end)

  it("ends on stop, takes its folder along and keeps its story", function()
    local server = scripted.start {
      default = {{"request"}, {"send", scripted.answer(200, {}, "x")}},
    }
    curl(server.url)
    local folder = server.folder
    assert.is_true(support.exists(folder .. "/log"))
    server:stop()
    server:stop()
    assert.is_false(support.exists(folder .. "/log"))
    assert.equal(1, #server:requests())
    local _, code = curl(server.url)
    assert.equal(7, code) -- no server listens
  end)

  it("ends with its parent", function()
    local folder = support.tempdir()
    local script = support.write(folder .. "/parent.lua", [[
      package.path = "spec/?.lua;spec/?/init.lua;" .. package.path
      local server = require("support.scripted").start {default = {{"close"}}}
      print(server.folder)
      io.stdout:flush()
      os.execute("kill -9 $PPID")
    ]])
    local left = support.output(child.interpreter() .. " " .. script
      .. " 2>/dev/null")
    assert.is_true(support.wait_until(function()
      return not support.exists(left .. "/log")
    end))
  end)
end)

describe("support.certificate", function()
  after_each(support.clean)

  it("makes certificates that openssl judges as meant", function()
    local ca = certificate.authority(support.tempdir())
    local function verdict(name, options, host)
      options = options or {}
      options.name = name
      local made = certificate.server(ca, options)
      assert.is_true(support.exists(made.key))
      return (support.output(("openssl verify -verify_ip %s -CApath %s %s 2>&1")
        :format(host or "127.0.0.1", certificate.hashed(ca), made.cert)))
    end
    assert.matches(": OK$", verdict("good"))
    assert.matches("certificate has expired", verdict("old", {expired = true}))
    assert.matches("IP address mismatch",
      verdict("wrong", {alt = "DNS:elsewhere.invalid"}))
    assert.matches("IP address mismatch", verdict("good", nil, "127.0.0.2"))
  end)
end)

describe("support", function()
  it("knows what is still alive", function()
    support.watch({})
    support.assert_freed()
    local kept = support.watch({})
    assert.has_error(support.assert_freed)
    assert.is_table(kept)
    support.assert_freed()
  end)

  it("shows the fields of an error", function()
    local err = setmetatable({kind = "io", code = 2}, {__tostring = function()
      return "io"
    end})
    assert.same({kind = "io", code = 2}, support.fields(err))
    assert.same({kind = "io"}, support.fields(err, "kind", "status"))
  end)

  it("has a clock that goes on", function()
    local took = support.timed(support.sleep, 0.1)
    assert.truthy(took >= 0.08 and took < support.SOON, took)
  end)
end)
