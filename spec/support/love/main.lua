-- The game of conf.lua, at 60 frames a second, driven and observed. DRIVER is
-- a Lua file, run before the game is loaded, that returns function(hands): it
-- runs as a coroutine, one step a frame. When it returns, the game quits, and
-- hands.report is written to REPORT as JSON; its frames are the results of
-- hands.watch() after each frame.
local json = require "yuanjing.base.json"
local yuanjing = require "yuanjing"

local game, driver_path, report_path = arg[2], arg[3], arg[4]
local now = love.timer.getTime

-- What the game spends in the module, frame by frame ------------------------

local ours -- seconds, in this frame

local function timed(call)
  local function finish(from, ...)
    ours = ours + now() - from
    return ...
  end
  return function(...) return finish(now(), call(...)) end
end

yuanjing.update = timed(yuanjing.update)
yuanjing.async = timed(yuanjing.async)

-- Hands ---------------------------------------------------------------------

local hands = { report = { frames = {} }, watch = function() end }
local held = {}

function love.keyboard.isDown(...)
  for _, key in ipairs { ... } do
    if held[key] then return true end
  end
  return false
end

function hands.hold(key) held[key] = true end

function hands.release(key) held[key] = nil end

function hands.press(key)
  love.event.push("keypressed", key, key, false)
  love.event.push("keyreleased", key, key)
  coroutine.yield()
end

--- Types one character a frame.
function hands.type(text)
  for char in text:gmatch("[%z\1-\127\194-\244][\128-\191]*") do
    love.event.push("textinput", char)
    coroutine.yield()
  end
end

--- Lets frames pass until the predicate is true; raises if that takes too
--- long.
function hands.wait(what, predicate, seconds)
  local ends = now() + (seconds or 250)
  while not predicate() do
    if now() > ends then error("waited in vain: " .. what, 2) end
    coroutine.yield()
  end
end

function hands.pause(seconds)
  local ends = now() + seconds
  hands.wait("time", function() return now() >= ends end)
end

--- Saves a screenshot in the game's save directory.
function hands.shoot(name)
  love.graphics.captureScreenshot(name)
  coroutine.yield()
  coroutine.yield()
end

-- Frames --------------------------------------------------------------------

local function write_report()
  local file = assert(io.open(report_path, "w"))
  assert(file:write(json.encode(hands.report)))
  file:close()
end

local driver = coroutine.create(assert(loadfile(driver_path))())
assert(loadfile(game .. "/main.lua"))()

local function drive()
  local ok, problem = coroutine.resume(driver, hands)
  if not ok then error(debug.traceback(driver, tostring(problem)), 0) end
  if coroutine.status(driver) ~= "dead" then return end
  write_report()
  love.event.quit()
end

local update = love.update

function love.update(dt)
  ours = 0
  update(dt)
  drive()
  local frame = hands.watch() or {}
  frame.ours, frame.dt = ours, dt
  table.insert(hands.report.frames, frame)
end

require "pace"
