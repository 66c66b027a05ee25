-- Runs a LÖVE game with somebody at its keys:
--   love spec/support/love GAME DRIVER REPORT     all three absolute paths
-- The game believes that it was started by itself; but an error ends it at once,
-- with status 1. See main.lua.
local game = arg[2]

function love.errorhandler(problem)
  io.stderr:write(debug.traceback(tostring(problem), 2), "\n")
  return function() return 1 end
end

love.filesystem.getSource = function() return game end
package.path = game .. "/?.lua;" .. package.path
assert(loadfile(game .. "/conf.lua"))()

local configure = love.conf

-- Without a graphics card smooth edges take longer than a frame.
function love.conf(settings)
  configure(settings)
  settings.window.msaa = 0
end
