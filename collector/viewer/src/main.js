import { render } from "preact";
import { html } from "./html.js";
import { Page } from "./page.js";
import { applyTheme } from "./theme.js";
import "uplot/dist/uPlot.min.css";
import "./style/base.css";
import "./style/page.css";
import "./style/list.css";
import "./style/trace.css";
import "./style/values.css";
import "./style/dashboard.css";

applyTheme();
render(html`<${Page} />`, document.getElementById("app"));
