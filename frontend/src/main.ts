import "./look/tokens.css";
import "./look/base.css";
import { mount } from "svelte";
import App from "./App.svelte";
import { theme } from "./look/theme.svelte";

theme.apply();
const target = document.getElementById("app");
if (target) mount(App, { target });
