import { useState } from "preact/hooks";
import { register, signIn, type Opened } from "../api/account";
import { Field, Switch } from "../parts/field";
import { Form, text } from "../parts/form";
import { useTitle } from "../parts/title";
import { hasEnded, signInHere } from "../store/session";

/** The front door: sign in, or become somebody. */
export function WelcomePage() {
  const [isNew, setNew] = useState(false);
  useTitle("");
  return (
    <div class="welcome">
      <section class="pitch">
        <img src="/icon.svg" alt="" width="56" height="56" />
        <h1>Agora</h1>
        <p>
          The square where people meet. Follow whom you like, let in whom you want, and see only
          what is meant for you.
        </p>
      </section>
      <main class="card door">
        <div class="tabs" role="group" aria-label="Sign in or register">
          <button aria-pressed={!isNew} onClick={() => setNew(false)}>
            Sign in
          </button>
          <button aria-pressed={isNew} onClick={() => setNew(true)}>
            Register
          </button>
        </div>
        {hasEnded.value && (
          <p class="notice" role="status">
            Your session has ended. Sign in again: what you were writing is kept in this tab.
          </p>
        )}
        {isNew ? <Register /> : <SignIn />}
      </main>
    </div>
  );
}

function enter({ accessToken, accessExpiresAt, accountId, handle }: Opened): void {
  const expiresAt = accessExpiresAt ? Date.parse(accessExpiresAt) : Date.now();
  signInHere({ accessToken, accountId, handle, expiresAt });
}

function SignIn() {
  const send = async (values: FormData, key: string) =>
    enter(await signIn(text(values, "login"), String(values.get("password")), key));
  return (
    <Form send={send} action="Sign in">
      {(faults) => (
        <>
          <Field
            label="E-mail or handle"
            name="login"
            autocomplete="username"
            autocapitalize="none"
            required
            fault={faults["login"]}
          />
          <Field
            label="Password"
            name="password"
            type="password"
            autocomplete="current-password"
            required
            fault={faults["password"]}
          />
        </>
      )}
    </Form>
  );
}

function Register() {
  const send = async (values: FormData, key: string) => {
    const form = {
      email: text(values, "email"),
      password: String(values.get("password")),
      firstName: text(values, "firstName"),
      lastName: text(values, "lastName"),
      birthDate: text(values, "birthDate"),
      handle: text(values, "handle").replace(/^@/, "").toLowerCase(),
      private: values.get("private") === "on",
    };
    enter(await register(form, key));
  };
  return (
    <Form send={send} action="Create account">
      {(faults) => (
        <>
          <div class="pair">
            <Field
              label="First name"
              name="firstName"
              autocomplete="given-name"
              required
              fault={faults["firstName"]}
            />
            <Field
              label="Last name"
              name="lastName"
              autocomplete="family-name"
              required
              fault={faults["lastName"]}
            />
          </div>
          <Field
            label="E-mail"
            name="email"
            type="email"
            autocomplete="email"
            required
            fault={faults["email"]}
          />
          <Field
            label="Password"
            name="password"
            type="password"
            autocomplete="new-password"
            required
            hint="At least 10 characters."
            fault={faults["password"]}
          />
          <div class="pair">
            <Field
              label="Date of birth"
              name="birthDate"
              type="date"
              autocomplete="bday"
              required
              fault={faults["birthDate"]}
            />
            <Field
              label="Handle"
              name="handle"
              autocapitalize="none"
              autocomplete="off"
              hint="Made from your name if empty."
              fault={faults["handle"]}
            />
          </div>
          <Switch
            label="Private account"
            name="private"
            hint="Only people you accept see more than your name."
          />
        </>
      )}
    </Form>
  );
}
