-- Read by LÖVE before anything else. These three lines have the game run on the
-- tree it lies in; an installed rock is found without them.
local tree = love.filesystem.getSource() .. "/../../"
package.path = tree .. "lua/?.lua;" .. tree .. "lua/?/init.lua;" .. package.path
package.cpath = tree .. "build/luajit/?.so;" .. package.cpath

function love.conf(game)
  game.identity = "yuanjing-love"
  game.version = "11.0"
  game.window.title = "元境"
  game.window.width, game.window.height = 960, 540
  game.window.msaa = 4
  for _, unused in ipairs { "physics", "joystick" } do
    game.modules[unused] = false
  end
end
